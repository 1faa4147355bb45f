"""The servers that tests rely on, checked by themselves."""

import pytest

from credit_risk.errors import UnavailableError
from resources.prediction_log import PredictionLog


def test_a_fresh_database_has_the_tables(postgres):
    assert PredictionLog(postgres).count() == 0


def test_each_test_has_a_database_of_its_own(postgres, postgres_module):
    assert postgres.url != postgres_module.url


def test_a_killed_server_starts_again(postgres_server):
    database = postgres_server.database()
    postgres_server.kill()
    with pytest.raises(UnavailableError, match="no answer from PostgreSQL"):
        database.connect()
    postgres_server.start()
    assert PredictionLog(database).count() == 0


def test_a_paused_server_does_not_answer_until_it_is_resumed(postgres_server):
    database = postgres_server.database()
    postgres_server.pause()
    with pytest.raises(UnavailableError, match="timeout"):
        database.connect(connect_timeout=1)
    postgres_server.resume()
    assert PredictionLog(database).count() == 0
