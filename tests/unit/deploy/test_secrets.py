"""deploy/make_secrets.py, as people run it."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from resources.api_keys import parse

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def make(tmp_path):
    folder = tmp_path / "secrets"

    def run(*arguments):
        command = [sys.executable, str(ROOT / "deploy" / "make_secrets.py"), "--folder", str(folder), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return {file.name: file.read_text() for file in folder.iterdir()}, done.stdout

    return run


def test_every_secret_of_the_compose_file_is_made(make):
    wanted = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["secrets"]
    made, _ = make()
    assert set(made) == set(wanted)


def test_what_is_there_is_never_overwritten(make):
    first, _ = make()
    second, said = make()
    assert second == first
    assert "made" not in said.split("empty, because")[0]


def test_two_machines_have_no_secret_in_common(make, tmp_path):
    first, _ = make()
    second, _ = make("--folder", str(tmp_path / "secrets" / ".." / "others"))
    assert second == first
    others = {file.name: file.read_text() for file in (tmp_path / "others").iterdir()}
    assert {name for name in first if first[name] == others[name]} == {"smtp_password", "slack_webhook_url"}


def test_addresses_hold_the_passwords_of_their_users(make):
    made, _ = make()
    for name, user, password in (
        ("database_url", "credit", "database_password"),
        ("service_database_url", "credit_scoring", "service_password"),
        ("reader_database_url", "credit_dashboard", "reader_password"),
    ):
        assert made[name] == f"postgresql://{user}:{made[password]}@database:5432/credit?sslmode=disable"
    assert re.fullmatch(r"postgresql\+psycopg2://credit:\w+@.*search_path%3Dmlflow", made["mlflow_database_url"])


def test_a_database_elsewhere_is_asked_with_encryption(make):
    made, _ = make("--host", "db.example.com:5432")
    assert made["service_database_url"].endswith("@db.example.com:5432/credit?sslmode=require")


def test_keys_have_the_form_that_the_service_takes(make):
    made, _ = make()
    assert all(parse(made[f"api_key_{role}"]) for role in ("observe", "admin", "score"))


def test_other_users_of_the_machine_are_kept_out(make, tmp_path):
    make()
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_what_others_give_out_is_named_and_left_empty(make):
    made, said = make()
    assert (made["smtp_password"], made["slack_webhook_url"]) == ("", "")
    assert "empty, because others give them out: smtp_password, slack_webhook_url" in said


def test_secrets_are_kept_out_of_git_and_of_images():
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[ignored.index("*") :].count("deploy/*") == 1
    assert "!deploy/secrets" not in ignored
