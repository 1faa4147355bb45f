"""The database roles on real PostgreSQL: what each may do, and that it may do nothing else."""

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from credit_risk.errors import SettingsError
from resources import roles, schema
from resources.api_keys import ApiKeys, read_verifiers
from resources.api_logs import LogLine, log_id_of, store_log_lines
from resources.database import Database
from resources.outcomes import Outcome, decided_at, record_outcomes
from resources.prediction_log import PredictionLog, insert_decisions
from resources.registry import Registry
from resources.roles import READER, SERVICE, RoleDatabase
from resources.settings import Settings

TODAY = datetime.now(UTC).date()

REFUSED = {
    "drop": "DROP TABLE credit.decisions",
    "truncate": "TRUNCATE credit.decisions",
    "change a decision": "UPDATE credit.decisions SET probability = 0",
    "delete a decision": "DELETE FROM credit.decisions",
    "change an outcome": "UPDATE credit.outcomes SET target = 0",
    "delete log lines": "DELETE FROM credit.api_logs",
    "read log lines": "SELECT message FROM credit.api_logs",
    "whose key": "SELECT name FROM credit.api_keys",
    "all of the keys": "SELECT * FROM credit.api_keys",
    "make a key": "INSERT INTO credit.api_keys (key_id) VALUES ('x')",
    "revoke a key": "UPDATE credit.api_keys SET revoked_at = now()",
    "name a live model": "INSERT INTO credit.live_model_log (model_version, cause, author) VALUES ('1', 'c', 'a')",
    "change a report": "UPDATE credit.drift_reports SET status = 'ok'",
    "read references": "SELECT * FROM credit.training_reference",
    "read causes": "SELECT * FROM credit.retraining_causes",
    "make a table": "CREATE TABLE credit.mine (a int)",
    "make a schema": "CREATE SCHEMA mine",
    "make a role": "CREATE ROLE mine",
    "read another schema": "SELECT * FROM other.secrets",
    "read a partition": "SELECT * FROM credit.decisions_{month:%Y_%m}",
    "read files": "SELECT pg_read_file('PG_VERSION')",
    "run programs": "COPY credit.outcomes TO PROGRAM 'cat'",
    "read passwords": "SELECT * FROM pg_authid",
}


@pytest.fixture(scope="module")
def database(postgres_module):
    with postgres_module.connect() as connection:
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.secrets (a int)")
    return postgres_module


@pytest.fixture(scope="module")
def service(database):
    return RoleDatabase(database.url, SERVICE)


@pytest.fixture(scope="module")
def reader(database):
    return RoleDatabase(database.url, READER)


@pytest.fixture
def user(shared_server):
    """`user(options, *roles)`: a database user for this test, by name."""
    made = []

    def make(options="", *member_of):
        name = f"user_{uuid.uuid4().hex[:8]}"
        shared_server.execute(f"CREATE ROLE {name} LOGIN {options}")
        made.append(name)
        for role in member_of:
            shared_server.execute(f"GRANT {role} TO {name}")
        return name

    yield make
    for name in made:
        shared_server.execute(f"DROP ROLE IF EXISTS {name}")


def as_user(database, name):
    return Database(database.url.replace("//postgres@", f"//{name}@"))


@contextmanager
def database_of(server, owner):
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} OWNER {owner}")
    try:
        yield as_user(server.database(name), owner)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_service_can_do_everything_that_it_is_for(database, service, decision):
    ApiKeys(database).create("client", ["score"], created_by="test")
    record = decision()
    line = LogLine(log_id_of(b"chunk", 0), datetime.now(UTC), "info", "event", "message", {"a": 1})
    with service.connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == (SERVICE,)
        assert insert_decisions(connection, [record]) == 1
        assert insert_decisions(connection, [record]) == 0
        known = decided_at(connection, [record.prediction_id])
        outcomes = [Outcome(record.prediction_id, 1, known[record.prediction_id])]
        assert record_outcomes(connection, outcomes).recorded == 1
        assert record_outcomes(connection, outcomes).repeated == 1
        assert store_log_lines(connection, [line, line]) == 1
        assert [verifier.roles for verifier in read_verifiers(connection)] == [{"score"}]
        for table in ("live_models", "drift_reports", "online_features", "idempotency_keys"):
            if connection.execute("SELECT to_regclass(%s)", [f"credit.{table}"]).fetchone() != (None,):
                connection.execute(f"SELECT * FROM credit.{table}")
    assert PredictionLog(service).get(record.prediction_id) == record


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED.keys())
def test_the_service_can_do_nothing_else(service, attempt):
    with service.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attempt.format(month=TODAY))


def test_partitions_that_are_made_later_need_no_grants(database, service, decision):
    with database.connect() as connection:
        schema.keep_partitions_ahead(connection, TODAY.replace(year=TODAY.year + 3))
    with service.connect() as connection:
        later = datetime.now(UTC).replace(year=TODAY.year + 3, day=15)
        assert insert_decisions(connection, [decision(created_at=later)]) == 1


def test_the_reader_reads_all_but_the_keys(reader):
    with reader.connect() as connection:
        tables = connection.execute(
            "SELECT c.relname, has_table_privilege(c.oid, 'SELECT') FROM pg_class c"
            " WHERE relnamespace = 'credit'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition"
        ).fetchall()
    assert {name for name, readable in tables if not readable} == {"api_keys"}
    assert len(tables) > 8


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT key_id FROM credit.api_keys",
        "DELETE FROM credit.outcomes",
        "INSERT INTO credit.retraining_causes VALUES (now(), '1', '{}', 'r')",
        "SELECT * FROM other.secrets",
    ],
)
def test_the_reader_can_only_read(reader, attempt):
    with reader.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attempt)


def test_grants_again_change_nothing_and_grants_beyond_are_taken_back(postgres):
    with postgres.connect() as connection:
        assert roles.apply_grants(connection) == []
        connection.execute(f"GRANT UPDATE, TRIGGER ON credit.decisions TO {SERVICE}")
        connection.execute(f"GRANT SELECT (name) ON credit.api_keys TO {READER}")
        connection.execute(f"REVOKE INSERT ON credit.outcomes FROM {SERVICE}")
        assert sorted(roles.apply_grants(connection)) == [
            f'GRANT INSERT ON credit."outcomes" TO {SERVICE}',
            f'REVOKE SELECT ("name") ON credit."api_keys" FROM {READER}',
            f'REVOKE TRIGGER ON credit."decisions" FROM {SERVICE}',
            f'REVOKE UPDATE ON credit."decisions" FROM {SERVICE}',
        ]
        assert roles.apply_grants(connection) == []


@pytest.fixture
def server_without_roles(postgres_server):
    """A server on which nobody has made the roles yet."""
    with postgres_server.database().connect() as connection:
        connection.execute(f"DROP OWNED BY {SERVICE}, {READER}")
        connection.execute(f"DROP ROLE {SERVICE}, {READER}")
    return postgres_server


def test_databases_of_one_server_are_upgraded_at_once(server_without_roles, start_python):
    names = [f"test_{i}" for i in range(3)]
    for name in names:
        server_without_roles.execute(f"CREATE DATABASE {name}")
    urls = [server_without_roles.database(name).url for name in names]
    processes = [start_python("-m", "cli", "db", "upgrade", DATABASE_URL=url) for url in urls]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    for url in urls:
        with RoleDatabase(url, SERVICE).connect() as connection:
            assert roles.why_not_role(connection, SERVICE) is None


def test_an_owner_who_may_make_roles_is_enough(server_without_roles):
    server_without_roles.execute("CREATE ROLE maker LOGIN CREATEROLE")
    with database_of(server_without_roles, "maker") as database:
        schema.upgrade(database, TODAY)
        with RoleDatabase(database.url, SERVICE).connect() as connection:
            assert roles.why_not_role(connection, SERVICE) is None
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM credit.outcomes")


def test_an_owner_who_may_not_is_told_what_an_administrator_must_run(shared_server, user):
    owner = user()
    with database_of(shared_server, owner) as database:
        schema.upgrade(database, TODAY)
        with database.connect() as connection:
            wanting = roles.prepare_roles(connection)
        assert wanting == [f"GRANT {SERVICE} TO {owner}", f"GRANT {READER} TO {owner}"]
        service = RoleDatabase(database.url, SERVICE)
        with service.connect() as connection:
            # It works on, as the owner, and says so.
            assert connection.execute("SELECT current_user").fetchone() == (owner,)
            assert f"GRANT {SERVICE} TO {owner}" in (roles.why_not_role(connection, SERVICE) or "")
        for statement in wanting:
            shared_server.execute(statement)
        with service.connect() as connection:
            assert roles.why_not_role(connection, SERVICE) is None


def test_a_user_of_the_services_own_is_held_to_its_role(database, user):
    name = user("", SERVICE)
    settings = Settings(
        _env_file=None, DATABASE_URL=database.url, CREDIT_SERVICE_DATABASE_URL=as_user(database, name).url
    )
    with roles.open_service_database(settings).connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == (name,)
        assert roles.why_not_role(connection, SERVICE) is None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM credit.outcomes")
    with roles.open_reader_database(settings).connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == (READER,)


@pytest.mark.parametrize(("options", "member_of"), [("", ()), ("SUPERUSER", (SERVICE,))])
def test_a_user_who_may_do_less_or_more_is_named(database, user, options, member_of):
    name = user(options, *member_of)
    with as_user(database, name).connect() as connection:
        assert f"the database user {name}, which is not held to" in (roles.why_not_role(connection, SERVICE) or "")


def test_a_wrong_address_is_said_under_its_own_name():
    settings = Settings(_env_file=None, CREDIT_SERVICE_DATABASE_URL="mysql://host/name")
    with pytest.raises(SettingsError, match="CREDIT_SERVICE_DATABASE_URL of scheme 'mysql'"):
        roles.open_service_database(settings)


def test_a_server_without_the_role_is_used_as_its_owner_and_says_what_to_run(database):
    nobody = RoleDatabase(database.url, "credit_nobody")
    with nobody.connect() as connection:
        assert "CREATE ROLE credit_nobody NOLOGIN" in (roles.why_not_role(connection, "credit_nobody") or "")


def test_the_service_reads_the_registry_and_changes_nothing_in_it(postgres, tmp_path, user):
    registry = Registry(postgres, str(tmp_path))
    registry.client.create_registered_model("credit_risk")
    with postgres.connect() as connection:
        roles.apply_grants(connection)
    # MLflow opens connections of its own, which no SET ROLE reaches.
    service = as_user(postgres, user("", SERVICE))
    reading = Registry(service, str(tmp_path))
    assert reading.production_version() is None
    with service.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE mlflow.registered_models SET name = 'x'")
    with service.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM mlflow.trace_info")


def test_the_upgrade_prints_what_an_administrator_must_run(shared_server, user, run_credit):
    owner = user()
    with database_of(shared_server, owner) as database:
        code, out, _ = run_credit("db", "upgrade", DATABASE_URL=database.url)
    assert code == 0
    assert f"GRANT {SERVICE} TO {owner};" in out
