import numpy as np
import pandas as pd
import pytest

from credit_risk.counterfactual import CHANGES, MOST_PROBES, counterfactuals
from credit_risk.features.form import compile_form
from credit_risk.scoring import Scorer
from credit_risk.training import train
from credit_risk.training_parameters import TrainingParameters

FORM = {"AMT_CREDIT": 500_000.0, "AMT_ANNUITY": 45_000.0, "AMT_GOODS_PRICE": 450_000.0, "AMT_INCOME_TOTAL": 120_000.0}


@pytest.fixture(scope="module")
def program():
    return compile_form()


@pytest.fixture(scope="module")
def scorer():
    """A model of one engineered feature: who pays more than a fifth of the income defaults."""
    rng = np.random.default_rng(0)
    burden = rng.uniform(0.05, 0.5, 2_000)
    frame = pd.DataFrame({"SK_ID_CURR": np.arange(2_000), "ANNUITY_BURDEN": burden})
    target = (rng.random(2_000) < np.where(burden > 0.2, 0.6, 0.02)).astype(int)
    parameters = TrainingParameters(
        learning_rate=0.3, num_leaves=4, min_data_in_leaf=20, max_rounds=20, patience=4, num_threads=1
    )
    model = train(frame, target, parameters=parameters)
    manifest = model.manifest(
        feature_version="", raw_sha256={}, code_version="", trained_at="", mlflow_run_id="", cause="test"
    )
    return Scorer(model.booster_text, manifest)


@pytest.fixture
def features(program):
    """As they are stored with a decision: what is missing is left out."""
    return {name: value for name, value in program.features(FORM, {}).items() if value is not None}


@pytest.fixture
def found(scorer, program, features):
    return {one.change: one for one in counterfactuals(scorer, program, features)}


def test_the_smallest_step_that_is_approved_is_told(found):
    assert found["longer term"].approved
    # 45,000 of 120,000 is three eighths: the payments must fall to about a half.
    assert found["longer term"].words == "yearly payments of 22,500 instead of 45,000 for the same loan"


def test_features_that_follow_from_a_change_are_computed_anew(found, scorer):
    assert found["more income"].approved
    assert found["more income"].probability < scorer.manifest.threshold


def test_those_that_are_approved_come_first(scorer, program, features):
    approved = [one.approved for one in counterfactuals(scorer, program, features)]
    assert approved == sorted(approved, reverse=True)


def test_a_change_of_something_unknown_is_not_tried(found):
    assert "later" not in found


def test_a_change_that_leads_nowhere_says_how_far_it_leads(scorer, program):
    burdened = {name: v for name, v in program.features({**FORM, "AMT_INCOME_TOTAL": 40_000.0}, {}).items() if v}
    (income,) = (one for one in counterfactuals(scorer, program, burdened) if one.change == "more income")
    assert not income.approved
    assert income.probability >= scorer.manifest.threshold


def test_the_model_is_asked_a_bounded_number_of_times(scorer, program, features, monkeypatch):
    asked = []
    score = scorer.score
    monkeypatch.setattr(scorer, "score", lambda row: asked.append(1) or score(row))
    counterfactuals(scorer, program, features)
    assert 0 < len(asked) <= MOST_PROBES


def test_every_step_is_a_change_of_the_fields_that_it_reads():
    form = {**FORM, "DAYS_EMPLOYED": -800.0, "NAME_CONTRACT_TYPE": "Revolving loans"}
    for change in CHANGES:
        assert all(change.apply(form, step) for step in change.steps)
        assert set(change.reads) <= form.keys()
