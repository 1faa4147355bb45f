"""`credit keys`, in this process, on a real database."""

import re

import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_risk.errors import SettingsError, UnavailableError
from resources.api_keys import ApiKeys, digest, read_verifiers

RUNNER = CliRunner()


@pytest.fixture
def credit(postgres, tmp_path, monkeypatch):
    """`credit(*arguments)`: what the command answers; an error of ours is raised."""
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))

    def run(*arguments):
        return RUNNER.invoke(app, ["keys", *arguments], catch_exceptions=False)

    return run


def test_a_key_is_printed_once_alone_on_standard_output(credit, postgres):
    answer = credit("create", "--name", "loan system", "--role", "score", "--role", "observe", "--rate", "600")
    assert re.fullmatch(r"ck_[0-9a-z]{12}_[A-Za-z0-9_-]{43}\n", answer.stdout)
    [key] = ApiKeys(postgres).all()
    assert (key.name, key.roles, key.rate_limit_per_minute) == ("loan system", ("score", "observe"), 600)
    listed = credit("list").output
    assert key.key_id in listed
    assert answer.stdout.strip().split("_", 2)[2] not in listed


def test_a_key_is_revoked_once(credit, postgres):
    credit("create", "--name", "a", "--role", "admin")
    key_id = ApiKeys(postgres).all()[0].key_id
    assert f"key {key_id} revoked" in credit("revoke", key_id).output
    assert "was revoked already" in credit("revoke", key_id).output


def test_a_key_from_a_file_is_adopted_once_and_opens_what_its_roles_say(credit, postgres, tmp_path):
    file = tmp_path / "api_key_observe"
    file.write_text(f"ck_0123456789ab_{'s' * 43}\n")
    arguments = ("adopt", str(file), "--name", "prometheus", "--role", "observe")
    assert "is on record now" in credit(*arguments).output
    assert "was on record already" in credit(*arguments).output
    with postgres.connect() as connection:
        [verifier] = read_verifiers(connection)
    assert (verifier.key_id, verifier.roles) == ("0123456789ab", {"observe"})
    assert verifier.secret_sha256 == digest("s" * 43)


def test_a_file_with_another_secret_or_role_for_a_known_key_is_refused(credit, tmp_path):
    file = tmp_path / "key"
    file.write_text(f"ck_0123456789ab_{'s' * 43}")
    credit("adopt", str(file), "--name", "a", "--role", "observe")
    with pytest.raises(SettingsError, match="the key 0123456789ab on record with another secret, with the roles"):
        credit("adopt", str(file), "--name", "a", "--role", "admin")
    file.write_text(f"ck_0123456789ab_{'t' * 43}")
    with pytest.raises(SettingsError, match="the key 0123456789ab on record with another secret") as caught:
        credit("adopt", str(file), "--name", "a", "--role", "observe")
    assert "ttt" not in str(caught.value)


def test_a_file_without_a_key_is_refused_and_not_shown(credit, tmp_path):
    file = tmp_path / "key"
    file.write_text("my own password")
    with pytest.raises(SettingsError, match="15 characters that are no API key") as caught:
        credit("adopt", str(file), "--name", "a", "--role", "observe")
    assert "password" not in str(caught.value)
    with pytest.raises(SettingsError, match=r"absent, which cannot be read \(FileNotFoundError\)"):
        credit("adopt", str(tmp_path / "absent"), "--name", "a", "--role", "observe")


def test_an_unknown_key_or_role_is_one_clear_error(credit):
    with pytest.raises(SettingsError, match="no API key of that id"):
        credit("revoke", "0123456789ab")
    with pytest.raises(SettingsError, match="roles root"):
        credit("create", "--name", "a", "--role", "root")


def test_without_tables_it_says_what_to_run(empty_postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match="run `credit db upgrade`"):
        RUNNER.invoke(app, ["keys", "list"], catch_exceptions=False)
