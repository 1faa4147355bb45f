from urllib.parse import parse_qs, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from credit_risk.errors import SettingsError, UnavailableError
from resources.database import Database, open_database
from resources.settings import load_settings

SOCKET = "postgresql://postgres@:5432/credit?host=/srv/a%20folder%2Bplus/p%25"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("postgresql://user:secret@host:5432/db", "postgresql://user:***@host:5432/db"),
        ("postgresql://user:s%40cret@host/db?sslmode=require", "postgresql://user:***@host/db?sslmode=require"),
        # Nobody encoded these; a part of them must not show either.
        ("postgresql://user:se/cr?e#t@host/db", "postgresql://user:***@host/db"),
        ("postgresql://user:se@cr:et@host/db", "postgresql://user:***@host/db"),
        ("postgresql://user:[secret@host/db", "postgresql://user:***@host/db"),
        ("postgresql://:secret@host/db", "postgresql://:***@host/db"),
        ("postgresql://host/db?user=u&password=secret&sslmode=require",
         "postgresql://host/db?user=u&password=***&sslmode=require"),
        ("postgresql://host/db?sslpassword=secret", "postgresql://host/db?sslpassword=***"),
        ("postgresql://user@host:5432/db", "postgresql://user@host:5432/db"),
        (SOCKET, SOCKET),
    ],
)  # fmt: skip
def test_the_safe_address_has_no_password(url, safe):
    assert Database(url).safe_url == safe


def test_a_schema_address_keeps_all_that_it_does_not_add():
    url = "postgresql://us%2Fer:p%40ss@host:6000/db?sslmode=require&application_name=a%26b"
    found = conninfo_to_dict(Database(url).schema_url("dagster"))
    assert found["options"] == "-csearch_path=dagster"
    expected = {"user": "us/er", "password": "p@ss", "host": "host", "port": "6000", "dbname": "db"}
    assert {key: found[key] for key in expected} == expected
    assert (found["sslmode"], found["application_name"]) == ("require", "a&b")


def test_a_schema_address_adds_to_options_that_are_there():
    url = "postgresql://host/db?options=endpoint%3Dep-cool%20-cstatement_timeout%3D5s"
    found = conninfo_to_dict(Database(url).schema_url("mlflow"))
    assert found["options"] == "endpoint=ep-cool -cstatement_timeout=5s -csearch_path=mlflow"


def test_a_schema_address_gives_up_on_a_silent_server():
    assert conninfo_to_dict(Database("postgresql://host/db").schema_url("s"))["connect_timeout"] == "10"
    assert (
        conninfo_to_dict(Database("postgresql://host/db?connect_timeout=3").schema_url("s"))["connect_timeout"] == "3"
    )


def test_a_socket_address_means_the_same_to_libpq_and_sqlalchemy():
    url = Database(SOCKET).schema_url("mlflow")
    assert conninfo_to_dict(url)["host"] == "/srv/a folder+plus/p%"
    parsed = make_url(Database(SOCKET).schema_url("mlflow", driver="psycopg2"))
    assert parsed.query["host"] == "/srv/a folder+plus/p%"
    assert (parsed.port, parsed.database, parsed.drivername) == (5432, "credit", "postgresql+psycopg2")


def test_a_schema_address_is_an_address_without_a_query():
    parts = urlsplit(Database("postgresql://host/db").schema_url("s"))
    assert parse_qs(parts.query)["options"] == ["-csearch_path=s"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://host/db", "DATABASE_URL of scheme 'mysql'"),
        ("postgresql+psycopg2://host/db", r"DATABASE_URL of scheme 'postgresql\+psycopg2'"),
        ("host=localhost password=secret", "DATABASE_URL without a scheme"),
    ],
)
@pytest.mark.usefixtures("no_settings")
def test_only_postgresql_addresses_are_taken(url, found):
    with pytest.raises(SettingsError, match=found) as caught:
        open_database(load_settings({"DATABASE_URL": url}))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:se%cret@127.0.0.1/db",
        "postgresql://user:secret@127.0.0.1/db?hots=x",
        "postgresql://user:secret@/db?host=/srv/a b",
    ],
)
def test_an_address_that_cannot_be_read_is_no_secret_told(url):
    with pytest.raises(SettingsError, match="cannot be read as an address") as caught:
        Database(url).connect()
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@127.0.0.1:1/db",
        "postgresql://user:secret@no-such-host.invalid/db",
        "postgresql://user:secret@/db?host=/no/such/folder",
        # A slash that nobody encoded: libpq takes the name for the host.
        "postgresql://user:sec/ret@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?sslmode=bogus&password=secret",
    ],
)
def test_a_server_that_does_not_answer_is_one_clear_line(url):
    with pytest.raises(UnavailableError, match="no answer from PostgreSQL at postgresql://") as caught:
        Database(url).connect(connect_timeout=2)
    message = str(caught.value)
    assert "\n" not in message
    assert "sec" not in message
    assert "correct DATABASE_URL" in message


@pytest.mark.usefixtures("no_settings")
def test_the_short_scheme_is_understood():
    with pytest.raises(UnavailableError, match=r"at postgresql://127\.0\.0\.1:1/db"):
        open_database(load_settings({"DATABASE_URL": "postgres://127.0.0.1:1/db"}))
