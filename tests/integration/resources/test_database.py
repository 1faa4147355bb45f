"""Addresses on real servers, and what `credit db` says when they are wrong."""

import psycopg
import pytest

from credit_risk.errors import SettingsError
from resources.database import Database, open_database
from resources.settings import ENV_FILE, load_settings


def one_line(answer):
    """The one line of a command that failed without a traceback."""
    code, out, err = answer
    assert (code, out) == (1, "")
    assert err.startswith("error found ")
    assert err.count("\n") == 1
    return err


def test_a_block_commits_or_rolls_back(postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
    with pytest.raises(psycopg.errors.DivisionByZero), postgres.connect() as connection:
        connection.execute("DROP TABLE kept; SELECT 1 / 0")
    with postgres.connect() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_the_configured_database_is_opened_where_it_is(postgres, tmp_path):
    settings = load_settings({"DATABASE_URL": postgres.url, "CREDIT_HOME": str(tmp_path / "home")})
    assert open_database(settings).url == postgres.url
    assert not (tmp_path / "home").exists()


def test_without_an_address_the_embedded_server_is_started_in_home(folder, copy_data, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv(ENV_FILE, "")
    copy_data("home/postgres")
    settings = load_settings({"CREDIT_HOME": str(folder / "home")})
    assert settings.database_url is None
    with open_database(settings).connect() as connection:
        assert connection.info.dbname == "credit"


def test_tables_are_made_and_found_in_the_schema_of_the_address(postgres):
    postgres.ensure_schema("dagster")
    postgres.ensure_schema("dagster")
    with psycopg.connect(postgres.schema_url("dagster")) as connection:
        connection.execute("CREATE TABLE runs AS SELECT 1")
    with postgres.connect() as connection:
        assert connection.execute("SELECT to_regclass('dagster.runs') IS NOT NULL").fetchone() == (True,)


def test_a_user_who_may_not_make_a_schema_is_told_what_is_missing(postgres):
    with postgres.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS visitor")
        connection.execute("CREATE ROLE visitor LOGIN")
    visitor = Database(postgres.url.replace("//postgres@", "//visitor@"))
    with pytest.raises(
        SettingsError, match=r"not make the schema mlflow .*GRANT CREATE ON DATABASE test_.* TO visitor"
    ):
        visitor.ensure_schema("mlflow")
    # What is there needs no right to make it.
    visitor.ensure_schema("credit")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "postgresql://user:secret@127.0.0.1:1/db",
            "no answer from PostgreSQL at postgresql://user:***@127.0.0.1:1/db",
        ),
        ("mysql://user:secret@host/db", "DATABASE_URL of scheme 'mysql'"),
    ],
)
def test_a_wrong_address_is_one_clear_line(run_credit, url, found):
    line = one_line(run_credit("db", "status", DATABASE_URL=url))
    assert found in line
    assert "secret" not in line
    assert "correct" in line


def test_a_wrong_password_is_one_clear_line(postgres_server, run_credit):
    with postgres_server.database().connect() as connection:
        connection.execute("CREATE ROLE strict LOGIN PASSWORD 'right'")
    rules = postgres_server.data_dir / "pg_hba.conf"
    rules.write_text("local all strict scram-sha-256\nlocal all all trust\n")
    postgres_server.execute("SELECT pg_reload_conf()")
    url = postgres_server.url.replace("//postgres@", "//strict:{}@")
    line = one_line(run_credit("db", "status", DATABASE_URL=url.format("wrong")))
    assert 'password authentication failed for user "strict"' in line
    assert "wrong" not in line
    with Database(url.format("right")).connect() as connection:
        assert connection.info.user == "strict"


def test_a_home_that_cannot_be_written_is_one_clear_line(run_credit):
    line = one_line(run_credit("db", "upgrade", CREDIT_HOME="/dev/null/home"))
    assert "CREDIT_HOME=/dev/null/home, which cannot be written" in line
