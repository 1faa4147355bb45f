import shutil
import tempfile
from datetime import date

import pytest

from credit_risk.errors import UnavailableError
from resources import embedded_postgres
from resources.dagster_resources import PlatformResource

DAY = date(2026, 1, 1)


def test_a_fresh_home_gets_its_tables_without_any_command(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    # Outside pytest's own folder, which PostgreSQL's own user may not enter.
    home = tempfile.mkdtemp(prefix="credit-test-")
    platform = PlatformResource(overrides={"CREDIT_HOME": home})
    try:
        assert platform.drift_reports.between(DAY, DAY) == []
    finally:
        embedded_postgres.stop(platform.settings.postgres_dir)
        shutil.rmtree(home)


def test_a_database_that_somebody_administers_is_only_asked(empty_postgres):
    platform = PlatformResource(overrides={"DATABASE_URL": empty_postgres.url})
    with pytest.raises(UnavailableError, match="run `credit db upgrade`"):
        _ = platform.database
