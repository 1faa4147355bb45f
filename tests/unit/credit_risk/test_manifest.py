import json

import pytest

from credit_risk.errors import ModelError
from credit_risk.manifest import Manifest


def test_it_survives_its_own_json(manifest):
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_every_missing_field_is_named(manifest):
    values = json.loads(manifest.to_json())
    del values["threshold"], values["feature_set"]
    with pytest.raises(ModelError, match="2 fields missing or of a wrong type: feature_set, threshold"):
        Manifest.from_json(json.dumps(values))


def test_a_field_of_a_wrong_type_is_named(manifest):
    values = json.loads(manifest.to_json()) | {"threshold": "0.1"}
    with pytest.raises(ModelError, match="wrong type: threshold"):
        Manifest.from_json(json.dumps(values))


def test_another_format_is_refused(manifest):
    values = json.loads(manifest.to_json()) | {"format": 99}
    with pytest.raises(ModelError, match="format 99"):
        Manifest.from_json(json.dumps(values))


@pytest.mark.parametrize("field", ["feature_set", "calibration"])
def test_an_empty_part_is_refused(manifest, field):
    values = json.loads(manifest.to_json()) | {field: {}}
    with pytest.raises(ModelError, match="feature set or calibration cannot be read"):
        Manifest.from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "{", "<html>"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(ModelError, match="not JSON"):
        Manifest.from_json(text)


def test_json_that_is_no_object_is_refused():
    with pytest.raises(ModelError, match="format None"):
        Manifest.from_json("[]")
