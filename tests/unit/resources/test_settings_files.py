"""Settings that are given as NAME_FILE."""

import pytest

from credit_risk.errors import SettingsError
from resources import settings as module
from resources.settings import ENV_FILE, load_settings

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "database_url"
    file.write_text("postgresql://credit:hidden@database/credit\n")
    return file


def test_a_file_holds_the_value_without_its_line_end(no_settings, secret):
    no_settings.setenv("DATABASE_URL_FILE", str(secret))
    assert load_settings().database_url == "postgresql://credit:hidden@database/credit"


def test_a_number_in_a_file_is_read_as_one(no_settings, tmp_path):
    (tmp_path / "port").write_text("9005")
    no_settings.setenv("CREDIT_API_PORT_FILE", str(tmp_path / "port"))
    assert load_settings().api_port == 9005


def test_the_file_of_settings_may_name_files(no_settings, tmp_path, secret):
    no_settings.setattr(module, "REPOSITORY", tmp_path)
    no_settings.delenv(ENV_FILE)
    (tmp_path / ".env").write_text(f"DATABASE_URL_FILE={secret}\n")
    assert load_settings().database_url == "postgresql://credit:hidden@database/credit"


def test_a_file_named_in_the_environment_goes_before_a_value_in_the_file_of_settings(no_settings, tmp_path, secret):
    no_settings.setattr(module, "REPOSITORY", tmp_path)
    no_settings.delenv(ENV_FILE)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://other/credit\n")
    no_settings.setenv("DATABASE_URL_FILE", str(secret))
    assert load_settings().database_url == "postgresql://credit:hidden@database/credit"


def test_a_value_and_a_file_at_once_are_an_error_that_shows_neither(no_settings, secret):
    no_settings.setenv("DATABASE_URL", "postgresql://credit:other@database/credit")
    no_settings.setenv("DATABASE_URL_FILE", str(secret))
    with pytest.raises(SettingsError, match="DATABASE_URL beside DATABASE_URL_FILE") as caught:
        load_settings()
    assert not {"hidden", "other"} & set(str(caught.value).replace(":", " ").replace("@", " ").split())


def test_all_files_that_cannot_be_read_are_named_at_once(no_settings, tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"a" * 70_000)
    no_settings.setenv("DATABASE_URL_FILE", str(tmp_path / "absent"))
    no_settings.setenv("CREDIT_SERVICE_DATABASE_URL_FILE", str(tmp_path / "empty"))
    no_settings.setenv("CREDIT_READER_DATABASE_URL_FILE", str(tmp_path / "binary"))
    no_settings.setenv("CREDIT_LAKE_FILE", str(tmp_path / "large"))
    no_settings.setenv("CREDIT_CURRENCY_FILE", "currency")
    with pytest.raises(SettingsError, match=r"wrong settings in files") as caught:
        load_settings()
    faults = caught.value.found
    assert "absent (No such file or directory)" in faults
    assert "empty (empty)" in faults
    assert "binary (no UTF-8)" in faults
    assert "large (70000 bytes" in faults
    assert "CREDIT_CURRENCY_FILE=currency (no absolute path)" in faults


def test_a_wrong_value_in_a_file_is_reported_as_a_wrong_setting(no_settings, tmp_path):
    (tmp_path / "engine").write_text("oracle")
    no_settings.setenv("CREDIT_ENGINE_FILE", str(tmp_path / "engine"))
    with pytest.raises(SettingsError, match="CREDIT_ENGINE='oracle'"):
        load_settings()
