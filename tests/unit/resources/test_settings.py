import threading
from pathlib import Path

import pytest

from credit_risk.errors import SettingsError
from resources import settings as module
from resources.settings import ENV_FILE, REPOSITORY, load_settings, prepare_home

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def repository(no_settings, tmp_path):
    """A repository with a `.env`, which is read as on a developer's machine."""
    no_settings.setattr(module, "REPOSITORY", tmp_path)
    no_settings.delenv(ENV_FILE)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://host/from_file\nCREDIT_API_PORT=9000\n")
    return tmp_path


def test_nothing_set_means_the_embedded_default():
    settings = load_settings()
    assert settings.database_url is None
    assert settings.home == REPOSITORY / ".credit"
    assert settings.raw_dir == REPOSITORY / "data" / "raw"
    assert settings.lake_root == str(REPOSITORY / ".credit" / "lake")
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8000)


def test_an_empty_variable_is_unset(no_settings):
    no_settings.setenv("DATABASE_URL", "")
    assert load_settings().database_url is None


@pytest.mark.usefixtures("repository")
def test_settings_come_from_the_file_in_the_repository():
    assert load_settings().api_port == 9000
    assert load_settings().database_url == "postgresql://host/from_file"


@pytest.mark.usefixtures("repository")
def test_the_environment_goes_before_the_file_and_overrides_before_both(no_settings):
    no_settings.setenv("CREDIT_API_PORT", "9001")
    assert load_settings().api_port == 9001
    assert load_settings({"CREDIT_API_PORT": "9002"}).api_port == 9002


@pytest.mark.usefixtures("repository")
def test_the_file_does_not_leak_where_it_is_turned_off(no_settings):
    no_settings.setenv(ENV_FILE, "")
    assert load_settings().database_url is None


def test_another_file_can_be_named(repository, no_settings):
    (repository / "other.env").write_text("CREDIT_API_PORT=9100\n")
    no_settings.setenv(ENV_FILE, "other.env")
    assert load_settings().api_port == 9100
    assert load_settings().database_url is None


def test_a_named_file_that_is_not_there_is_an_error(no_settings):
    no_settings.setenv(ENV_FILE, "/nowhere/settings.env")
    with pytest.raises(SettingsError, match=r"/nowhere/settings\.env, that cannot be read \(no such file\)"):
        load_settings()


def test_a_file_of_another_encoding_is_one_clear_error(repository):
    (repository / ".env").write_bytes(b"CREDIT_API_HOST=h\xf6st\n")
    with pytest.raises(SettingsError, match="expected NAME=value lines in UTF-8"):
        load_settings()


def test_all_wrong_values_are_named_at_once(no_settings):
    wrong = {
        "CREDIT_ENGINE": "oracle",
        "CREDIT_API_PORT": "70000",
        "CREDIT_VOLUME_THRESHOLD": "many",
        "CREDIT_DRIFT_RULE": "sharp",
        "CREDIT_DRIFT_FEATURES": "0",
        "CREDIT_RETRAIN_COOLDOWN_HOURS": "inf",
        "CREDIT_SCORE_PROTECTED": "perhaps",
        "CREDIT_API_WORKERS": "0",
        "CREDIT_RECORD_DEADLINE_MS": "5",
        "CREDIT_JOURNAL_MAX_MB": "0",
        "CREDIT_REASONS_LIMIT": "-1",
    }
    for name, value in wrong.items():
        no_settings.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert [name for name, value in wrong.items() if message.count(f"{name}={value!r}") != 1] == []
    assert "\n" not in message


def test_the_service_has_defaults_for_a_laptop():
    settings = load_settings()
    assert (settings.api_workers, settings.record_deadline_ms, settings.journal_max_mb) == (1, 150, 1024)
    assert (settings.reasons_file, settings.reasons_limit) == (None, 4)
    assert (settings.service_database_url, settings.reader_database_url) == (None, None)


def test_a_catalogue_of_reasons_that_is_not_there_is_an_error_at_the_start(no_settings, tmp_path):
    no_settings.setenv("CREDIT_REASONS", str(tmp_path))
    with pytest.raises(SettingsError, match=rf"CREDIT_REASONS='{tmp_path}' \(Value error, {tmp_path} is no file\)"):
        load_settings()
    catalogue = tmp_path / "reasons.yaml"
    catalogue.write_text("")
    no_settings.setenv("CREDIT_REASONS", str(catalogue))
    assert load_settings().reasons_file == catalogue


def test_an_override_of_no_setting_is_an_error():
    with pytest.raises(SettingsError, match=r"CREDIT_HOEM \(no such setting\)"):
        load_settings({"CREDIT_HOEM": "elsewhere"})


@pytest.mark.parametrize(("value", "expected"), [("5", 5), ("all", "all")])
def test_monitored_features_are_a_number_or_all(no_settings, value, expected):
    no_settings.setenv("CREDIT_DRIFT_FEATURES", value)
    assert load_settings().drift_features == expected


def test_a_relative_folder_is_the_same_whatever_the_current_folder(no_settings, tmp_path):
    no_settings.chdir(tmp_path)
    no_settings.setenv("CREDIT_HOME", "state")
    no_settings.setenv("CREDIT_LAKE", "lake")
    assert load_settings().home == REPOSITORY / "state"
    assert load_settings().lake_root == str(REPOSITORY / "lake")


def test_a_tilde_is_the_users_home(no_settings):
    no_settings.setenv("CREDIT_HOME", "~/credit")
    assert load_settings().home == Path.home() / "credit"


def test_an_object_store_address_is_left_alone(no_settings):
    no_settings.setenv("CREDIT_LAKE", "s3://bucket/prefix")
    assert load_settings().lake_root == "s3://bucket/prefix"


def test_folders_of_this_machine_are_below_home(no_settings, tmp_path):
    no_settings.setenv("CREDIT_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.postgres_dir == tmp_path / "postgres"
    assert settings.dagster_home == tmp_path / "dagster"
    assert settings.journal_dir == tmp_path / "journal"


# The second is a folder in which root, too, may write nothing.
@pytest.mark.parametrize("home", ["/dev/null/credit", "/proc/credit"])
def test_a_home_that_cannot_be_written_is_one_clear_line(home):
    with pytest.raises(SettingsError, match=f"CREDIT_HOME={home}, which cannot be written") as caught:
        prepare_home(load_settings({"CREDIT_HOME": home}))
    assert "\n" not in str(caught.value)
    assert "set CREDIT_HOME to another folder" in caught.value.remedy


def test_home_is_made_with_nothing_in_it_by_many_at_once(tmp_path):
    settings = load_settings({"CREDIT_HOME": str(tmp_path / "a" / "home")})
    failed = []

    def prepare() -> None:
        try:
            prepare_home(settings)
        except SettingsError as error:
            failed.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert list(settings.home.iterdir()) == []
