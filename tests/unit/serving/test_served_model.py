"""A served model has shown that it scores its canaries; names of its features come in its order."""

from dataclasses import replace

import pytest

from credit_risk.canaries import Canaries, Canary
from credit_risk.errors import ModelError, SettingsError
from credit_risk.scoring import Scorer
from serving.served_model import ready_to_serve

FEATURES = {"AMT_CREDIT": 500_000.0, "ORGANIZATION_TYPE": "Trade"}


@pytest.fixture
def with_canaries(tiny_model):
    """Version 1 with one canary, off by so much."""

    def make(off=0.0):
        model = tiny_model("1", seed=1)
        probability = Scorer(model.booster_text, model.manifest).score(FEATURES).probability
        return replace(model, canaries=Canaries((Canary(FEATURES, probability + off),)))

    return make


def test_a_model_that_scores_its_canaries_is_ready(with_canaries):
    assert ready_to_serve(with_canaries()).canary_difference == 0.0


def test_a_model_without_canaries_is_ready_when_it_scores_nothing_known(tiny_model):
    model = ready_to_serve(tiny_model("1"))
    assert (model.version, model.canary_difference, model.is_copy) == ("1", None, False)


def test_a_model_that_scores_its_canaries_otherwise_is_not(with_canaries):
    with pytest.raises(ModelError, match="1 of 1 canary applications"):
        ready_to_serve(with_canaries(off=1e-6))


def test_a_model_that_is_not_one_is_not(tiny_model):
    with pytest.raises(ModelError, match="SHA-256"):
        ready_to_serve(replace(tiny_model("1"), booster_text="tree"))


def test_whatever_goes_wrong_in_it_is_said_as_an_error_of_the_model(tiny_model):
    calibration = replace(tiny_model("1").manifest.calibration, slope="steep")
    model = replace(tiny_model("1"), manifest=replace(tiny_model("1").manifest, calibration=calibration))
    with pytest.raises(ModelError, match=r"model 1 that cannot score \((UFunc|Type)"):
        ready_to_serve(model)


def test_what_the_service_requires_besides_is_asked(tiny_model):
    def refuse(model):
        raise SettingsError(f"no reasons for model {model.version}", expected="some", remedy="write them")

    with pytest.raises(ModelError, match="no reasons for model 1"):
        ready_to_serve(tiny_model("1"), requirements=[refuse])


def test_the_names_under_which_decisions_are_stored_are_in_the_order_of_the_model(tiny_model):
    names = ready_to_serve(tiny_model("1")).feature_names
    assert names.numbers == ("AMT_CREDIT", "AMT_INCOME", "EXT_SOURCE_1", "DAYS_BIRTH")
    assert names.texts == ("ORGANIZATION_TYPE", "CODE_GENDER")
