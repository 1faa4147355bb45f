from dataclasses import replace

import pytest

from credit_risk.canaries import Canaries, Canary
from credit_risk.errors import ModelError
from resources.stored_model import StoredModel


@pytest.fixture
def model(tiny_model):
    return tiny_model("3")


def test_a_kept_copy_comes_back(model, tmp_path):
    model.save(tmp_path / "last_good")
    assert StoredModel.read(tmp_path / "last_good") == model


def test_without_a_copy_there_is_none(tmp_path):
    assert StoredModel.read(tmp_path / "last_good") is None


def test_the_newest_copy_is_read_and_older_ones_go(model, tmp_path):
    versions = [replace(model, version=version) for version in ("3", "4", "5", "6")]
    for version in versions:
        version.save(tmp_path)
        assert StoredModel.read(tmp_path) == version
    # The one before stays for readers that looked at the pointer a moment ago.
    assert {path.name for path in tmp_path.iterdir()} == {"version", "5", "6"}


def test_canaries_are_kept_with_the_model(model, tmp_path):
    with_canaries = replace(model, canaries=Canaries((Canary({"AMT_CREDIT": 1.5}, 0.25),)))
    with_canaries.save(tmp_path)
    assert StoredModel.read(tmp_path) == with_canaries
    model.save(tmp_path)
    assert StoredModel.read(tmp_path) == model


def test_workers_that_keep_the_same_version_leave_the_one_before_in_place(model, tmp_path):
    for version in ("3", "4", "4"):
        replace(model, version=version).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"version", "3", "4"}


def test_saving_the_same_version_again_changes_nothing(model, tmp_path):
    model.save(tmp_path)
    model.save(tmp_path)
    assert StoredModel.read(tmp_path) == model
    assert sorted(path.name for path in (tmp_path / "3").iterdir()) == ["booster.txt", "manifest.json"]


def test_a_save_that_breaks_off_leaves_the_copy_before(model, tmp_path, monkeypatch):
    model.save(tmp_path)
    monkeypatch.setattr("credit_risk.manifest.Manifest.to_json", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        replace(model, version="4").save(tmp_path)
    monkeypatch.undo()
    assert StoredModel.read(tmp_path) == model


@pytest.mark.parametrize("file", ["booster.txt", "manifest.json"])
def test_an_incomplete_copy_names_what_it_lacks(model, tmp_path, file):
    model.save(tmp_path)
    (tmp_path / "3" / file).unlink()
    with pytest.raises(ModelError, match=f"no {file} of model 3.*remove the folder"):
        StoredModel.read(tmp_path)


def test_a_copy_whose_manifest_is_cut_off_is_refused(model, tmp_path):
    model.save(tmp_path)
    (tmp_path / "3" / "manifest.json").write_text('{"format": 1,')
    with pytest.raises(ModelError, match="a manifest that is not JSON"):
        StoredModel.read(tmp_path)
