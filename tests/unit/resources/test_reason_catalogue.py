import pytest

from credit_risk.errors import SettingsError
from resources.reason_catalogue import PLATFORM_FILE, load_catalogue, read_catalogue
from resources.settings import load_settings


def test_the_platforms_catalogue_is_the_one_without_a_setting(monkeypatch):
    monkeypatch.delenv("CREDIT_REASONS", raising=False)
    assert load_catalogue(load_settings()).entries == read_catalogue(PLATFORM_FILE).entries


def test_a_setting_names_another_catalogue(tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text("reasons: [{code: ALL, against: a, in_favour: b, unknown: c, features: [AMT_*]}]")
    catalogue = load_catalogue(load_settings({"CREDIT_REASONS": str(file)}))
    assert [entry.code for entry in catalogue.entries] == ["ALL"]


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    file = tmp_path / "reasons.yaml"
    file.write_bytes(b"reasons: \xff")
    with pytest.raises(SettingsError, match=r"reasons\.yaml, that cannot be read"):
        read_catalogue(file)
