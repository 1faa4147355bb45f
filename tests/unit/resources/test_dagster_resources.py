"""The clients as Dagster resources: settings by name, and nothing opened before it is asked for."""

import pytest

from credit_risk.errors import SettingsError
from resources.dagster_resources import PlatformResource
from resources.settings import ENV_FILE


@pytest.fixture(autouse=True)
def no_settings_file(monkeypatch):
    monkeypatch.setenv(ENV_FILE, "")


def test_it_is_made_and_copied_without_a_look_at_the_settings(monkeypatch):
    monkeypatch.setenv("CREDIT_VOLUME_THRESHOLD", "many")
    platform = PlatformResource(overrides={"DATABASE_URL": "nonsense"})
    with pytest.raises(SettingsError, match="CREDIT_VOLUME_THRESHOLD='many'"):
        _ = platform.settings


def test_an_override_goes_before_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CREDIT_VOLUME_THRESHOLD", "50")
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path / "environment"))
    settings = PlatformResource(overrides={"CREDIT_HOME": str(tmp_path / "override")}).settings
    assert (settings.home, settings.volume_threshold) == (tmp_path / "override", 50)


def test_an_override_of_no_setting_is_named():
    with pytest.raises(SettingsError, match="CREDIT_HOUSE"):
        _ = PlatformResource(overrides={"CREDIT_HOUSE": "x"}).settings


def test_a_wrong_address_is_an_error_when_the_database_is_asked_for():
    platform = PlatformResource(overrides={"DATABASE_URL": "mysql://somewhere/credit"})
    with pytest.raises(SettingsError, match="DATABASE_URL of scheme 'mysql'"):
        _ = platform.database


def test_the_lake_is_below_home_unless_it_is_named(tmp_path):
    home = {"CREDIT_HOME": str(tmp_path)}
    elsewhere = {"CREDIT_LAKE": str(tmp_path / "elsewhere")}
    assert PlatformResource(overrides=home).lake.root == str(tmp_path / "lake")
    assert PlatformResource(overrides=home | elsewhere).lake.root == str(tmp_path / "elsewhere")
