"""The move of stored decisions into arrays: a populated database loses nothing."""

from datetime import UTC, date, datetime
from uuid import UUID

import orjson
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from credit_risk.errors import SettingsError
from resources import schema
from resources.prediction_log import FeatureNames, PredictionLog

TODAY = date(2026, 11, 21)
DAYS = [datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)]

# As the service and imports stored them: what a model left out differs from row to row.
STORED = [
    ("1", {"AMT": 1 / 3, "SMALLEST": 5e-324, "LARGEST": -1.7976931348623157e308, "ORG": 'Trade "x" \'\\ 👍'}),
    ("1", {"AMT": 1e16, "WHOLE": 3}),
    ("1", {}),
    ("2", {"AMT": 0.1 + 0.2, "NEW": -1.5, "ORG": ""}),
    ("import:old", {"AMT": 1.5, "ORG": "School"}),
    ("import:old", {"AMT": "unknown", "ORG": "School"}),
]


def upgrade_to(database, revision):
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    database.ensure_schema(schema.SCHEMA)
    engine = create_engine("postgresql+psycopg://", creator=database.connect, poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


@pytest.fixture
def old(empty_postgres):
    """A database of the first revision, with partitions as it made them."""
    upgrade_to(empty_postgres, "0001")
    with empty_postgres.connect() as connection:
        for month, end in (("2025-12", "2026-01"), ("2026-11", "2026-12"), ("2026-12", "2027-01")):
            connection.execute(
                f"CREATE TABLE credit.predictions_{month.replace('-', '_')} PARTITION OF credit.predictions"
                f" FOR VALUES FROM ('{month}-01 00:00:00+00') TO ('{end}-01 00:00:00+00')"
            )
    return empty_postgres


def store(database, decisions):
    rows = [
        (UUID(int=i), DAYS[i % 2], 100_001 + i, 0.1 * i, i % 2, ["APPROVED", "REFUSED"][i % 2], 0.2, version,
         None if i % 3 else 0.31, None if i % 3 else i, orjson.dumps(features).decode(),
         orjson.dumps([{"code": "C", "contribution": 0.5}] * (i % 2)).decode())
        for i, (version, features) in enumerate(decisions)
    ]  # fmt: skip
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO credit.predictions (prediction_id, created_at, sk_id_curr, probability, prediction, decision,"
            " threshold, model_version, inference_time_ms, n_features_missing, features, reasons)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def rows(database):
    query = """
        SELECT prediction_id, created_at, sk_id_curr, probability, prediction, decision, threshold, model_version,
            inference_time_ms, n_features_missing, features, reasons
        FROM credit.predictions ORDER BY prediction_id
    """
    with database.connect() as connection:
        return connection.execute(query).fetchall()


def test_what_was_stored_comes_out_of_the_view_equal(old):
    store(old, STORED)
    before = rows(old)
    schema.upgrade(old, TODAY)
    assert rows(old) == before
    assert len(before) == len(STORED)


def test_what_was_stored_is_read_as_decisions(old):
    store(old, STORED)
    schema.upgrade(old, TODAY)
    log = PredictionLog(old)
    found = [log.get(UUID(int=i)) for i in range(len(STORED))]
    assert [record.features for record in found] == [features for _, features in STORED]
    # One set a model, of all that it was ever sent, under the id that the service would give it.
    assert found[0].feature_names == FeatureNames(("AMT", "LARGEST", "SMALLEST", "WHOLE"), ("ORG",))
    with old.connect() as connection:
        ids = {row[0] for row in connection.execute("SELECT feature_set_id FROM credit.feature_sets").fetchall()}
    assert ids == {record.feature_names.id for record in found}
    assert len(ids) == 3


def test_features_stored_as_null_are_left_out(old):
    store(old, [("1", {"AMT": None, "ORG": None, "AGE": 1.5})])
    schema.upgrade(old, TODAY)
    assert rows(old)[0][10] == {"AGE": 1.5}


def test_months_stay_months(old):
    store(old, STORED)
    schema.upgrade(old, TODAY)
    query = "SELECT DISTINCT tableoid::regclass::text, created_at FROM credit.decisions ORDER BY 1"
    with old.connect() as connection:
        assert connection.execute(query).fetchall() == [
            ("credit.decisions_2025_12", DAYS[0]),
            ("credit.decisions_2026_11", DAYS[1]),
        ]
        left = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'predictions%'").fetchone()
    assert left == (1,)


def test_an_empty_database_is_upgraded(old):
    schema.upgrade(old, TODAY)
    assert rows(old) == []


def test_values_that_arrays_cannot_hold_stop_the_upgrade_and_stay(old):
    store(old, [*STORED, ("1", {"FLAG": True, "LIST": [1], "AMT": 1.0})])
    before = rows(old)
    with pytest.raises(SettingsError, match=r"neither numbers nor text: FLAG \(boolean\), LIST \(array\)"):
        schema.upgrade(old, TODAY)
    assert rows(old) == before
