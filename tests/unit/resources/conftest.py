"""What tests of the clients share: an environment without any setting of the machine's."""

import os

import pytest

from resources.settings import ENV_FILE


@pytest.fixture
def no_settings(monkeypatch):
    """Neither the shell's settings nor those of a developer's `.env`."""
    for name in [name for name in os.environ if name == "DATABASE_URL" or name.startswith("CREDIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(ENV_FILE, "")
    return monkeypatch
