"""One made-up portfolio for all tests of this room: large enough for shares, small enough to wait for."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from simulation.portfolio import PortfolioSummary, synthesize
from simulation.profile import Profile, load_profile

CLIENTS = 3_000


@dataclass(frozen=True)
class Portfolio:
    folder: Path
    summary: PortfolioSummary
    tables: dict[str, pd.DataFrame]


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile()


@pytest.fixture(scope="session")
def portfolio(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Portfolio:
    folder = tmp_path_factory.mktemp("portfolio")
    summary = synthesize(CLIENTS, 42, folder)
    tables = {
        name: pd.read_csv(
            folder / f"{name}.csv",
            # "NA" is no missing value in these files: only an empty field is.
            keep_default_na=False,
            na_values=[""],
            dtype={column: str for column, entry in profile[name].columns.items() if entry.kind == "string"},
        )
        for name in profile.tables
    }
    return Portfolio(folder, summary, tables)
