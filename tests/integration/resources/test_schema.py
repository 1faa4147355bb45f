"""The tables on real PostgreSQL: as the design names them, made by migrations, month by month."""

from datetime import UTC, date, datetime

import psycopg
import pytest

from credit_risk.errors import SettingsError, UnavailableError
from resources import schema
from resources.database import Database
from resources.prediction_log import insert_decisions

TODAY = date(2026, 11, 21)
HEAD = max(path.name for path in (schema.MIGRATIONS / "versions").glob("0*.py"))[:4]

# The names that dashboards and clients read; columns may be added, none renamed.
FIXED_COLUMNS = {
    "predictions": "prediction_id sk_id_curr probability prediction decision threshold model_version"
    " inference_time_ms features reasons created_at n_features_missing",
    "decisions": "prediction_id created_at sk_id_curr probability prediction decision threshold model_version"
    " inference_time_ms n_features_missing feature_set_id numbers texts reasons",
    "feature_sets": "feature_set_id numbers texts",
    "drift_reports": "report_date window_start window_end n_predictions n_features_analyzed n_features_drifted"
    " drift_percentage status drift_details rule model_version",
    "training_reference": "model_version feature_name mean std median q25 q75 n_samples",
    "live_models": "model_version live_from live_to cause author",
    "outcomes": "prediction_id target observed_at recorded_at",
}


def partitions(database):
    query = """
        SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'credit.decisions'::regclass ORDER BY 1
    """
    with database.connect() as connection:
        return dict(connection.execute(query).fetchall())


def test_names_and_columns_are_those_of_the_design(postgres):
    query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'credit'"
    with postgres.connect() as connection:
        found = set(connection.execute(query).fetchall())
    assert {(table, column) for table, columns in FIXED_COLUMNS.items() for column in columns.split()} <= found


def test_types_are_those_of_the_design(postgres):
    query = """
        SELECT data_type FROM information_schema.columns WHERE table_schema = 'credit'
        AND (table_name, column_name) IN (('predictions', 'prediction_id'), ('predictions', 'features'),
            ('predictions', 'reasons'), ('predictions', 'created_at'), ('drift_reports', 'drift_details'))
        ORDER BY table_name, column_name
    """
    with postgres.connect() as connection:
        found = [row[0] for row in connection.execute(query)]
    assert found == ["jsonb", "timestamp with time zone", "jsonb", "uuid", "jsonb"]


def test_an_upgrade_again_changes_nothing(empty_postgres):
    assert schema.upgrade(empty_postgres, TODAY) == HEAD
    before = partitions(empty_postgres)
    assert schema.upgrade(empty_postgres, TODAY) == HEAD
    assert partitions(empty_postgres) == before


def test_three_upgrades_at_once_make_one_schema(empty_postgres, start_python):
    processes = [start_python("-m", "cli", "db", "upgrade", DATABASE_URL=empty_postgres.url) for _ in range(3)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert all(f"schema credit at revision {HEAD}" in out for out, _ in answers)
    schema.require_schema(empty_postgres)


def test_a_database_without_the_schema_says_what_to_run(empty_postgres):
    with pytest.raises(UnavailableError, match=r"no schema `credit` in .*run `credit db upgrade`"):
        schema.require_schema(empty_postgres)


def test_a_schema_of_newer_code_is_refused(postgres):
    with postgres.connect() as connection:
        connection.execute("UPDATE credit.alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=rf"a schema credit of revision 9999 .*expected revision {HEAD} or older"):
        schema.upgrade(postgres, TODAY)


def test_a_user_who_does_not_own_the_schema_is_told_so(empty_postgres):
    with empty_postgres.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS stranger")
        connection.execute("CREATE ROLE stranger LOGIN")
        connection.execute("CREATE SCHEMA credit")
    stranger = Database(empty_postgres.url.replace("//postgres@", "//stranger@"))
    with pytest.raises(SettingsError, match=r"may not change the schema credit .*\(permission denied for schema"):
        schema.upgrade(stranger, TODAY)


def test_partitions_are_months_in_utc_three_ahead_one_behind_and_no_default(empty_postgres):
    schema.upgrade(empty_postgres, date(2026, 11, 30))
    found = partitions(empty_postgres)
    assert list(found) == [f"decisions_{month}" for month in ("2026_10", "2026_11", "2026_12", "2027_01", "2027_02")]
    assert not any(bound == "DEFAULT" for bound in found.values())
    assert found["decisions_2026_12"] == "FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')"


def test_partitions_are_kept_ahead_as_months_pass(postgres):
    with postgres.connect() as connection:
        assert schema.keep_partitions_ahead(connection, date(2031, 1, 31))[-1] == "decisions_2031_04"
        assert schema.keep_partitions_ahead(connection, date(2031, 1, 31)) == []
        assert schema.keep_partitions_ahead(connection, date(2031, 2, 1)) == ["decisions_2031_05"]


def test_partitions_have_the_keys_checks_and_indexes_of_the_table(postgres, decision):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, date(2031, 1, 1), date(2031, 1, 1))
        record = decision(created_at=datetime(2031, 1, 1, tzinfo=UTC))
        assert insert_decisions(connection, [record, record]) == 1
        indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'credit' AND tablename = %s"
        assert connection.execute(indexes, ["decisions_2031_01"]).fetchone() == (2,)
        wrong = decision(created_at=datetime(2031, 1, 2, tzinfo=UTC), probability=1.5)
        with pytest.raises(psycopg.errors.CheckViolation):
            insert_decisions(connection, [wrong])


def test_a_service_writes_and_reads_while_partitions_are_made(postgres, decision):
    with postgres.connect() as importer, postgres.connect(autocommit=True) as service:
        schema.ensure_partitions(importer, date(2020, 1, 1), date(2020, 3, 1))
        service.execute("SET lock_timeout = '2s'")
        assert insert_decisions(service, [decision()]) == 1
        assert service.execute("SELECT count(*) FROM credit.predictions").fetchone() == (1,)


def test_a_decision_outside_all_partitions_is_refused_not_lost(postgres, decision):
    with postgres.connect() as connection, pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        insert_decisions(connection, [decision(created_at=datetime(2001, 1, 1, tzinfo=UTC))])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit.live_model_log SET author = 'somebody else'",
        "DELETE FROM credit.live_model_log",
        "TRUNCATE credit.live_model_log",
    ],
)
def test_the_log_of_live_models_refuses_changes(postgres, change):
    with postgres.connect() as connection:
        connection.execute("INSERT INTO credit.live_model_log (model_version, cause, author) VALUES ('1', 'c', 'a')")
    with postgres.connect() as connection, pytest.raises(psycopg.errors.RaiseException, match="is append-only"):
        connection.execute(change)
