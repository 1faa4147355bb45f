from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from credit_risk.decision import decide
from credit_risk.reason_file import Entry
from credit_risk.reasons import Catalogue
from credit_risk.replay import differences, is_unexplained
from credit_risk.scoring import Scorer

CATALOGUE = Catalogue(
    [
        Entry("SCORE", "a", "b", "c", ("EXT_SOURCE_*",)),
        Entry("OCCUPATION", "a", "b", "c", ("OCCUPATION_TYPE",)),
        Entry("OTHER", "a", "b", "c", ("*",)),
    ]
)
FEATURES = {"EXT_SOURCE_1": -2.0, "CREDIT_RATIO": 1, "OCCUPATION_TYPE": "driver", "CODE_GENDER": "F"}


@dataclass(frozen=True)
class Stored:
    probability: float
    prediction: int
    decision: str
    threshold: float
    n_features_missing: int | None
    features: dict[str, Any]
    reasons: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def scorer(trained, manifest):
    return Scorer(trained.booster_text, manifest)


@pytest.fixture(scope="module")
def stored(scorer):
    score = scorer.score(FEATURES)
    decision = decide(score.probability, scorer.manifest.threshold)
    reasons = CATALOGUE.reasons(scorer.contributions(score.row), FEATURES, scorer.scored_names, limit=2)
    assert len(reasons) == 2
    return Stored(
        probability=score.probability,
        prediction=decision.prediction,
        decision=decision.label,
        threshold=scorer.manifest.threshold,
        n_features_missing=score.n_features_missing,
        features=dict(FEATURES),
        reasons=[reason.to_dict() for reason in reasons],
    )


def found(stored, scorer, **changes):
    return [difference.what for difference in differences(replace(stored, **changes), scorer, CATALOGUE)]


def with_reason(stored, **changes):
    return [stored.reasons[0] | changes, *stored.reasons[1:]]


def test_the_same_decision_has_no_difference(stored, scorer):
    assert found(stored, scorer) == []


def test_one_bit_of_the_probability_is_a_difference(stored, scorer):
    assert found(stored, scorer, probability=float(np.nextafter(stored.probability, 1))) == ["probability"]


def test_every_difference_is_reported_at_once(stored, scorer):
    changes = {"threshold": 0.99, "prediction": 0, "decision": "APPROVED", "n_features_missing": 0}
    assert sorted(found(stored, scorer, **changes)) == sorted(changes)


def test_other_features_make_another_decision(stored, scorer):
    assert "probability" in found(stored, scorer, features=FEATURES | {"EXT_SOURCE_1": 2.0})


def test_features_that_the_model_does_not_take_are_a_difference(stored, scorer):
    assert found(stored, scorer, features={"EXT_SOURCE_9": 1.0}) == ["features"]


@pytest.mark.parametrize(
    ("name", "value"), [("code", "OLD"), ("feature", "NOISE"), ("value", 1.0), ("contribution", 9.0)]
)
def test_another_reason_is_a_difference(stored, scorer, name, value):
    assert found(stored, scorer, reasons=with_reason(stored, **{name: value})) == [f"reason 1: {name}"]


def test_another_sentence_is_no_difference(stored, scorer):
    assert found(stored, scorer, reasons=with_reason(stored, reason="as it was put before")) == []


def test_the_last_decimal_of_a_contribution_is_no_difference(stored, scorer):
    moved = stored.reasons[0]["contribution"] + 1e-9
    assert found(stored, scorer, reasons=with_reason(stored, contribution=moved)) == []


def test_a_reason_that_nothing_speaks_for_is_a_difference(stored, scorer):
    assert found(stored, scorer, reasons=[*stored.reasons, *stored.reasons]) == ["reasons"]


def test_reasons_of_an_approval_are_replayed_in_their_direction(stored, scorer):
    features = {"EXT_SOURCE_1": 2.5, "CREDIT_RATIO": -2, "OCCUPATION_TYPE": "clerk"}
    score = scorer.score(features)
    decision = decide(score.probability, scorer.manifest.threshold)
    reasons = CATALOGUE.reasons(
        scorer.contributions(score.row), features, scorer.scored_names, limit=4, direction="approval"
    )
    approved = replace(
        stored,
        probability=score.probability,
        prediction=decision.prediction,
        decision=decision.label,
        features=features,
        reasons=[reason.to_dict() for reason in reasons],
    )
    assert approved.decision == "APPROVED"
    assert approved.reasons
    assert differences(approved, scorer, CATALOGUE) == []


def test_a_whole_number_kept_as_a_float_is_no_difference(stored, scorer):
    as_floats = {name: float(value) if isinstance(value, int) else value for name, value in FEATURES.items()}
    assert found(stored, scorer, features=as_floats) == []


def test_a_refusal_without_reasons_is_unexplained_and_no_difference(stored, scorer):
    bare = replace(stored, decision="REFUSED", reasons=[])
    assert is_unexplained(bare)
    assert "reasons" not in found(bare, scorer)
    assert not is_unexplained(stored)
    assert not is_unexplained(replace(bare, decision="APPROVED"))
