from pathlib import Path

import numpy as np
import pytest

import credit_risk
from credit_risk.errors import SettingsError
from credit_risk.feature_set import PROTECTED_FEATURES
from credit_risk.features.client import FEATURES
from credit_risk.reason_file import Entry
from credit_risk.reasons import Catalogue

NAMES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "AMT_INCOME", "DAYS_BIRTH", "FLAG_PHONE")


def entry(code, *features):
    return Entry(code, f"{code} against", f"{code} in favour", f"{code} unknown", features)


CATALOGUE = Catalogue(
    [entry("SCORE", "EXT_SOURCE_*"), entry("INCOME", "AMT_INCOME"), entry("AGE", "DAYS_*"), entry("OTHER", "*")]
)


def reasons(contributions, features=None, *, limit=4, direction="refusal"):
    sent = dict.fromkeys(NAMES, 1.0) if features is None else features
    return CATALOGUE.reasons(np.array(contributions), sent, NAMES, limit=limit, direction=direction)


def codes(found):
    return [reason.code for reason in found]


@pytest.fixture(scope="module")
def platform():
    return Catalogue.from_yaml((Path(credit_risk.__file__).parent / "reasons.yaml").read_text("utf-8"))


def test_features_that_say_one_thing_are_added_before_reasons_are_compared():
    assert codes(reasons([0.2, 0.2, 0.3, 0.0, 0.0])) == ["SCORE", "INCOME"]


def test_a_feature_that_speaks_the_other_way_takes_off_from_its_reason():
    assert codes(reasons([0.4, -0.3, 0.3, 0.0, 0.0])) == ["INCOME", "SCORE"]


def test_a_refusal_names_only_what_spoke_against_the_applicant():
    (reason,) = reasons([-1.0, 0.2, 0.5, -0.1, 0.0], {"AMT_INCOME": 9000.0})
    assert reason.to_dict() == {
        "code": "INCOME",
        "reason": "INCOME against",
        "feature": "AMT_INCOME",
        "value": 9000.0,
        "direction": "refusal",
        "contribution": 0.5,
    }


def test_a_refusal_that_nothing_speaks_for_names_what_spoke_least_in_favour():
    (reason,) = reasons([-1.0, 0.2, -0.5, 0.0, -0.1])
    assert (reason.code, reason.reason, reason.contribution) == ("OTHER", "OTHER against", -0.1)


def test_a_model_that_learned_nothing_has_no_reasons():
    assert reasons([0.0] * 5) == ()


def test_a_limit_of_none_gives_none():
    assert reasons([1.0] * 5, limit=0) == reasons([-1.0] * 5, limit=0) == ()


def test_an_approval_names_what_spoke_in_favour():
    (first, second) = reasons([-1.0, 0.2, 0.5, -0.1, 0.0], direction="approval")
    assert (first.code, first.reason, first.feature, first.direction) == (
        "SCORE", "SCORE in favour", "EXT_SOURCE_1", "approval",
    )  # fmt: skip
    assert first.contribution == pytest.approx(-0.8)
    assert second.code == "AGE"


def test_a_reason_names_its_weightiest_feature_and_its_value_as_sent():
    (reason,) = reasons([0.1, 0.2, 0.0, 0.0, 0.0], {"EXT_SOURCE_1": 7, "EXT_SOURCE_2": 3})
    assert (reason.feature, reason.value) == ("EXT_SOURCE_2", 3)


@pytest.mark.parametrize("features", [{}, {"AMT_INCOME": None}])
def test_a_value_that_is_missing_is_said_to_be_not_known(features):
    (reason,) = reasons([0.0, 0.0, 0.1, 0.0, 0.0], features)
    assert (reason.reason, reason.value) == ("INCOME unknown", None)


def test_there_are_at_most_as_many_reasons_as_asked_for():
    assert codes(reasons([0.1, 0.0, 0.2, 0.3, 0.4], limit=2)) == ["OTHER", "AGE"]


def test_equal_reasons_come_in_the_order_of_the_catalogue():
    assert codes(reasons([0.3, 0.0, 0.1 + 0.2, 0.3, 0.3])) == ["SCORE", "INCOME", "AGE", "OTHER"]


def test_of_equal_features_the_first_is_named():
    assert reasons([0.1 + 0.2, 0.3, 0.0, 0.0, 0.0])[0].feature == "EXT_SOURCE_1"
    assert reasons([0.3, 0.1 + 0.2, 0.0, 0.0, 0.0])[0].feature == "EXT_SOURCE_1"


def test_the_first_pattern_that_fits_takes_a_feature():
    assert CATALOGUE.code_of("EXT_SOURCE_3") == "SCORE"
    assert CATALOGUE.code_of("X") == "OTHER"


def test_a_pattern_fits_whole_names():
    catalogue = Catalogue([entry("A", "AMT"), entry("B", "FLAG", "AMT_*")])
    assert catalogue.code_of("AMT_CREDIT") == "B"
    assert catalogue.code_of("AMT") == "A"
    assert catalogue.code_of("FLAGS") is None


def test_every_scored_feature_without_a_reason_is_named():
    catalogue = Catalogue([entry("SCORE", "EXT_SOURCE_*")])
    with pytest.raises(SettingsError, match="without 3 of the model's 5 features: AMT_INCOME, DAYS_BIRTH, FLAG_PHONE"):
        catalogue.check(NAMES)


def test_a_protected_feature_that_is_scored_is_no_reason():
    names = ("CODE_GENDER", "AMT_INCOME")
    found = CATALOGUE.reasons(np.array([5.0, 0.1]), {"CODE_GENDER": "F"}, names, limit=4)
    assert codes(found) == ["INCOME"]


def test_a_catalogue_that_makes_a_reason_of_a_protected_feature_is_refused():
    text = "reasons: [{code: A, against: a, in_favour: a, unknown: a, features: ['NAME_*', CODE_GENDER]}]"
    with pytest.raises(SettingsError, match="CODE_GENDER fits a pattern of A; NAME_FAMILY_STATUS fits"):
        Catalogue.from_yaml(text)


def test_the_platforms_catalogue_has_a_reason_for_every_feature_that_may_be_scored(platform):
    platform.check(term.name for term in FEATURES if term.name not in PROTECTED_FEATURES)


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ("EXT_SOURCE_2", "EXTERNAL_SCORE"),
        ("EXT_SOURCE_MEAN", "EXTERNAL_SCORE"),
        ("EXT_SOURCE_1_TIMES_EXT_SOURCE_3", "EXTERNAL_SCORE"),
        ("INSTALMENTS_LATE30D_COUNT", "LATE_INSTALMENTS"),
        ("INSTALMENTS_UNDERPAID_MAX", "SHORT_INSTALMENTS"),
        # LATEST is no arrears.
        ("BUREAU_UTILIZATION_LATEST", "DEBT_ELSEWHERE"),
        ("CARD_UTILIZATION_LATEST", "CARD_USE"),
        ("CARD_LATE_SHARE", "ARREARS_ON_CARDS"),
        ("BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM_TO_AMT_INCOME_TOTAL", "TOTAL_DEBT"),
        ("AMT_INCOME_TOTAL_MINUS_AMT_CREDIT", "INSTALMENT_BURDEN"),
        ("PREVIOUS_REFUSED_SHARE", "EARLIER_REFUSALS"),
    ],
)
def test_the_platforms_catalogue_tells_features_apart(platform, feature, code):
    assert platform.code_of(feature) == code
