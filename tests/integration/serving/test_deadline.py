"""Deadlines: a statement that is not done in time ends, also when its server is stopped."""

import time

import psycopg
import pytest

from serving.deadline import Watchdog


@pytest.fixture
def watchdog():
    watchdog = Watchdog()
    watchdog.start()
    yield watchdog
    watchdog.stop()


def test_a_statement_that_takes_too_long_is_ended(watchdog, postgres):
    started = time.monotonic()
    with (
        postgres.connect(autocommit=True) as connection,
        pytest.raises(psycopg.OperationalError),
        watchdog.limit(connection, 0.2),
    ):
        connection.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - started < 2


def test_a_server_that_is_paused_is_not_waited_for(watchdog, postgres_server):
    connection = postgres_server.database().connect(autocommit=True)
    postgres_server.pause()
    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError), watchdog.limit(connection, 0.2):
        connection.execute("SELECT 1")
    assert time.monotonic() - started < 2
    connection.close()
    postgres_server.resume()


def test_a_connection_that_keeps_its_deadlines_goes_on(watchdog, postgres):
    with postgres.connect(autocommit=True) as connection:
        for _ in range(3):
            with watchdog.limit(connection, 0.1):
                connection.execute("SELECT 1")
            time.sleep(0.15)
        assert connection.execute("SELECT 2").fetchone() == (2,)
