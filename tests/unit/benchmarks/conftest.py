"""A small made-up portfolio for all files here; nobody writes to it."""

from pathlib import Path

import pytest

from simulation.portfolio import synthesize


@pytest.fixture(scope="session")
def csv_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The eight CSV files of 300 clients."""
    folder = tmp_path_factory.mktemp("benchmarks") / "raw"
    synthesize(300, 3, folder)
    return folder
