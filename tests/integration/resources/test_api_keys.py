"""API keys on real PostgreSQL: made once, stored as a hash, revoked for good."""

import re

import psycopg
import pytest

from credit_risk.errors import SettingsError
from resources.api_keys import ApiKeys, digest, parse, read_verifiers


def test_a_key_is_what_it_was_asked_to_be(postgres):
    keys = ApiKeys(postgres)
    key, text = keys.create("loan system", ["observe", "score"], created_by="ops", rate_limit_per_minute=600)
    assert re.fullmatch(r"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", text)
    assert parse(text) == (key.key_id, text[-43:])
    assert (key.name, key.roles, key.rate_limit_per_minute) == ("loan system", ("score", "observe"), 600)
    assert keys.all() == [key]


def test_nothing_that_is_stored_contains_the_secret(postgres):
    _, text = ApiKeys(postgres).create("a", ["admin"], created_by="ops")
    with postgres.connect() as connection:
        [(row,)] = connection.execute("SELECT k::text FROM credit.api_keys k").fetchall()
        [verifier] = read_verifiers(connection)
    assert text[-43:] not in row
    assert verifier.secret_sha256 == digest(text[-43:])


def test_a_key_is_revoked_once_and_stays_on_record(postgres):
    keys = ApiKeys(postgres)
    key, _ = keys.create("a", ["score"], created_by="ops")
    assert keys.revoke(key.key_id)
    assert not keys.revoke(key.key_id)
    assert keys.all()[0].revoked_at is not None
    with pytest.raises(SettingsError, match="no API key of that id"):
        keys.revoke("0123456789ab")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit.api_keys SET revoked_at = NULL",
        "UPDATE credit.api_keys SET roles = '{admin}', revoked_at = now()",
        "DELETE FROM credit.api_keys",
        "TRUNCATE credit.api_keys",
    ],
)
def test_even_the_owner_can_only_revoke(postgres, change):
    keys = ApiKeys(postgres)
    keys.create("a", ["score"], created_by="ops")
    keys.revoke(keys.all()[0].key_id)
    with postgres.connect() as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(change)


def test_every_fault_of_a_key_is_named_at_once(postgres):
    with pytest.raises(SettingsError, match=r"a name of 0 .*roles root \(score.*a rate of 0 a minute"):
        ApiKeys(postgres).create("", ["root"], created_by="ops", rate_limit_per_minute=0)
    with pytest.raises(SettingsError, match="roles none"):
        ApiKeys(postgres).create("a", [], created_by="ops")


@pytest.mark.parametrize("text", ["", "ck__", "ck_0123456789AB_" + "a" * 43, "ck_0123456789ab_" + "a" * 42, "a\nck_"])
def test_what_has_not_the_form_of_a_key_is_none(text):
    assert parse(text) is None
