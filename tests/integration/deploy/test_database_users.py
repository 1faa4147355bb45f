"""deploy/database/users.sh and `credit db prepare` on a real server: who may do what on one machine."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import pq
from typer.testing import CliRunner

from cli.main import app
from resources import postgres_programs, roles
from resources.database import Database

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "database" / "users.sh"


@pytest.fixture(scope="module")
def prepared(postgres_server_module, tmp_path_factory):
    """A server of its own, because roles are the server's, with a fresh database made ready as compose does it."""
    folder = tmp_path_factory.mktemp("deployment")
    for name in ("service_password", "reader_password"):
        (folder / name).write_text(f"of {name}'s own\n")
    postgres_server_module.execute("CREATE DATABASE fresh")
    database = postgres_server_module.database("fresh")
    address = {option.envvar.decode(): option.val.decode() for option in pq.Conninfo.parse(database.url.encode())
               if option.val and option.envvar}  # fmt: skip
    programs = Path(postgres_programs._program("psql")).parent
    environment = {**os.environ, **address, "PATH": f"{programs}:{os.environ['PATH']}", "SECRETS": str(folder),
                   "POSTGRES_USER": address["PGUSER"], "POSTGRES_DB": "fresh"}  # fmt: skip
    subprocess.run(["bash", str(SCRIPT)], env=environment, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database.url)
        patch.setenv("CREDIT_HOME", str(folder / "home"))
        first = CliRunner().invoke(app, ["db", "prepare"], catch_exceptions=False)
        again = CliRunner().invoke(app, ["db", "prepare"], catch_exceptions=False)
    return database, first.output, again.output


def as_user(database, user):
    return Database(database.url.replace("postgres@", f"{user}@"))


def test_everything_is_there_and_doing_it_again_changes_nothing(prepared):
    database, first, again = prepared
    assert "registry ready" in first
    assert "registry ready; 0 rights changed" in again
    with database.connect() as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname IN ('credit', 'dagster', 'mlflow')")
        assert len(found.fetchall()) == 3


@pytest.mark.parametrize(("user", "role"), [("credit_scoring", roles.SERVICE), ("credit_dashboard", roles.READER)])
def test_a_user_is_held_to_its_role(prepared, user, role):
    with as_user(prepared[0], user).connect() as connection:
        assert roles.why_not_role(connection, role) is None


def test_the_service_reads_the_registry_and_writes_decisions_alone(prepared):
    with as_user(prepared[0], "credit_scoring").connect() as connection:
        connection.execute("SELECT count(*) FROM mlflow.registered_models")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("DELETE FROM credit.decisions")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT name FROM credit.api_keys")


def test_the_reader_sees_the_servers_activity_and_no_keys(prepared):
    with as_user(prepared[0], "credit_dashboard").connect() as connection:
        connection.execute("SELECT count(*) FROM credit.predictions")
        assert connection.execute("SELECT pg_has_role('pg_monitor', 'USAGE')").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM credit.api_keys")
