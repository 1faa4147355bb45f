import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import ApplicationError
from credit_risk.feature_set import Feature, FeatureSet

FEATURES = FeatureSet(
    scored=(Feature("AMT", "numeric"), Feature("JOB", "categorical", ("clerk", "driver"))),
    protected=(Feature("CODE_GENDER", "categorical", ("F", "M")),),
)


def offenders(**features):
    with pytest.raises(ApplicationError, match="at fault") as caught:
        FEATURES.encode_row(features)
    return {offender["feature"]: offender["problem"] for offender in caught.value.fields["offenders"]}


def test_values_go_to_their_columns():
    row = FEATURES.encode_row({"JOB": "driver", "AMT": 3})
    assert row.values.tolist() == [3.0, 1.0]
    assert row.values.dtype == np.float64
    assert row.n_missing == 0


@pytest.mark.parametrize("features", [{}, {"AMT": None, "JOB": None}, {"CODE_GENDER": "F"}])
def test_left_out_and_null_are_missing(features):
    row = FEATURES.encode_row(features)
    assert np.isnan(row.values).all()
    assert row.n_missing == 2


def test_a_category_never_seen_is_missing_and_counted():
    row = FEATURES.encode_row({"AMT": 1.0, "JOB": "astronaut"})
    assert math.isnan(row.values[1])
    assert row.n_missing == 1


def test_a_protected_value_never_seen_is_not_counted():
    assert FEATURES.encode_row({"AMT": 1.0, "JOB": "clerk", "CODE_GENDER": "X"}).n_missing == 0


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("12", "expected a number, found text"),
        (True, "expected a number, found a boolean"),
        ([1], "expected a number, found a list"),
        ({"a": 1}, "expected a number, found an object"),
        (math.nan, "expected a finite number, found NaN or infinity"),
        (-math.inf, "expected a finite number, found NaN or infinity"),
        (10**400, "expected a finite number, found NaN or infinity"),
    ],
)
def test_what_is_no_number_is_named(value, problem):
    assert offenders(AMT=value) == {"AMT": problem}


@pytest.mark.parametrize(("value", "found"), [(1, "a number"), (False, "a boolean"), (math.nan, "a number")])
def test_what_is_no_text_is_named(value, found):
    assert offenders(JOB=value) == {"JOB": f"expected text, found {found}"}


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("features", "values"),
    [
        ({"AMT": np.float64(2.5), "JOB": "driver"}, [2.5, 1.0]),
        ({"AMT": np.int32(3), "JOB": Text("clerk")}, [3.0, 0.0]),
        ({"AMT": Decimal("1.5"), "JOB": None}, None),
        ({"AMT": Fraction(1, 2), "JOB": "clerk"}, [0.5, 0.0]),
        ({"AMT": 2**70, "JOB": "driver", "CODE_GENDER": Text("F")}, [2.0**70, 1.0]),
    ],
)
def test_values_that_are_not_plain_are_read_one_by_one(features, values):
    if values is None:
        assert offenders(**features) == {"AMT": "expected a number, found another type"}
    else:
        assert FEATURES.encode_row(features).values.tolist() == values


def test_a_nan_that_was_sent_is_an_offence_whatever_else_is_missing():
    assert offenders(AMT=float("nan"), JOB=None) == {"AMT": "expected a finite number, found NaN or infinity"}


def test_a_protected_number_is_checked_and_not_placed():
    features = FeatureSet(scored=FEATURES.scored, protected=(Feature("CODE_GENDER", "numeric"),))
    assert features.encode_row({"AMT": 1.0, "JOB": "clerk", "CODE_GENDER": 1}).values.tolist() == [1.0, 0.0]
    with pytest.raises(ApplicationError, match="CODE_GENDER: expected a finite number"):
        features.encode_row({"CODE_GENDER": math.inf})


def test_an_unknown_name_is_an_offence_even_when_null():
    assert offenders(AMTT=None) == {"AMTT": "unknown feature"}


def test_a_protected_feature_is_checked_as_any_other():
    assert offenders(CODE_GENDER=1) == {"CODE_GENDER": "expected text, found a number"}


def test_every_offender_is_named_at_once():
    assert set(offenders(AMT="x", JOB=2, A=1, B=2)) == {"AMT", "JOB", "A", "B"}


def test_a_thousand_offenders_make_a_short_message_and_a_whole_list():
    with pytest.raises(ApplicationError, match="and 980 more") as caught:
        FEATURES.encode_row({f"F{i}": 1 for i in range(1000)})
    assert len(caught.value.fields["offenders"]) == 1000


def test_a_body_hidden_in_a_name_is_not_repeated():
    (name,) = offenders(**{"x" * 10_000: 1})
    assert len(name) == 80


@given(st.text("0123456789", min_size=6))
def test_values_are_never_in_the_message(secret):
    with pytest.raises(ApplicationError) as caught:
        FEATURES.encode_row({"AMT": secret, "JOB": int(secret)})
    assert secret not in str(caught.value)
    assert secret not in str(caught.value.fields)


FITS = {
    "AMT": lambda value: type(value) in (int, float) and math.isfinite(value),
    "JOB": lambda value: isinstance(value, str),
    "CODE_GENDER": lambda value: isinstance(value, str),
}
SENT = st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab1") | st.lists(st.integers())


@given(st.dictionaries(st.sampled_from(["AMT", "JOB", "CODE_GENDER", "X"]), SENT))
def test_whatever_is_sent_is_encoded_or_refused_by_name(features):
    wrong = {name: value for name, value in features.items() if name == "X" or not (value is None or FITS[name](value))}
    if wrong:
        assert set(offenders(**features)) == set(wrong)
    else:
        row = FEATURES.encode_row(features)
        assert row.n_missing == np.isnan(row.values).sum()
