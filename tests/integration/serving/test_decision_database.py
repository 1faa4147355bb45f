"""The database as the service reaches it: crashes, stops, and what an outage is called."""

import psycopg
import pytest

from credit_risk.errors import UnavailableError
from resources import embedded_postgres
from resources.prediction_log import insert_decisions
from resources.settings import Settings
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason


@pytest.fixture
def watchdog():
    watchdog = Watchdog()
    watchdog.start()
    yield watchdog
    watchdog.stop()


@pytest.fixture
def embedded(postgres_server, watchdog, monkeypatch):
    """The embedded database of a platform without DATABASE_URL, connected once."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    home = postgres_server.data_dir.parent
    database = DecisionDatabase(Settings(_env_file=None, CREDIT_HOME=home), watchdog)
    database.connect(deadline_s=5).close()
    return database


def connects(database):
    try:
        database.connect(deadline_s=5).close()
    except UnavailableError:
        return False
    return True


def test_an_embedded_server_that_crashed_is_started_again(embedded, postgres_server, eventually):
    postgres_server.kill()
    assert not connects(embedded)
    eventually(lambda: connects(embedded))


def test_an_embedded_server_that_was_stopped_stays_stopped(embedded, postgres_server):
    postgres_server.stop()
    assert not any(connects(embedded) for _ in range(3))
    assert not embedded_postgres.is_running(postgres_server.data_dir)


@pytest.fixture
def remote(postgres, watchdog, tmp_path):
    return DecisionDatabase(Settings(_env_file=None, DATABASE_URL=postgres.url, CREDIT_HOME=tmp_path), watchdog)


def test_commits_are_durable_whatever_the_default_is(remote, postgres, shared_server):
    name = postgres.url.split("/")[-1].split("?")[0]
    shared_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with remote.connect(deadline_s=5) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_statement_has_a_deadline_on_the_server_too(remote):
    with remote.connect(deadline_s=5, statement_limit_s=0.2) as connection, pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(30)")


def test_the_reason_of_an_outage_repeats_no_value(remote, decision):
    with remote.connect(deadline_s=5) as connection, pytest.raises(psycopg.Error) as caught:
        insert_decisions(connection, [decision(probability=31.4159)])
    assert "31.4159" in str(caught.value)
    assert outage_reason(caught.value) == "CheckViolation, SQLSTATE 23514"
