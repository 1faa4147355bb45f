import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import ModelError, PortfolioError
from credit_risk.feature_set import Feature, FeatureSet

LEVELS = ("clerk", "driver")
FEATURES = FeatureSet(
    scored=(Feature("AMT", "numeric"), Feature("JOB", "categorical", LEVELS), Feature("AGE", "numeric")),
    protected=(Feature("CODE_GENDER", "categorical", ("F", "M")),),
)

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
JOBS = st.none() | st.sampled_from([*LEVELS, "never seen", "", "clerk "])
ROWS = st.fixed_dictionaries(
    {}, optional={"AMT": NUMBERS, "JOB": JOBS, "AGE": NUMBERS, "CODE_GENDER": st.sampled_from(["F", "X"])}
)


def frame(**columns):
    return pd.DataFrame({"SK_ID_CURR": range(len(next(iter(columns.values())))), **columns})


@given(st.lists(ROWS, min_size=1, max_size=20))
def test_a_row_and_its_frame_are_encoded_bit_for_bit_alike(rows):
    table = pd.DataFrame(rows, columns=["AMT", "JOB", "AGE"])
    table = table.astype({"AMT": "float64", "AGE": "float64", "JOB": object})
    one_by_one = np.vstack([FEATURES.encode_row(row).values for row in rows])
    assert FEATURES.encode_frame(table).tobytes() == one_by_one.tobytes()


def test_kinds_follow_the_dtypes_and_levels_are_sorted():
    features = FeatureSet.from_frame(frame(AMT=[1.0, None], JOB=["driver", "clerk"], TARGET=[0, 1]))
    assert features.scored == (Feature("AMT", "numeric"), Feature("JOB", "categorical", LEVELS))


def test_protected_features_are_kept_but_not_scored(portfolio):
    features = FeatureSet.from_frame(portfolio[0])
    assert [feature.name for feature in features.protected] == ["CODE_GENDER", "NAME_FAMILY_STATUS"]
    assert not {"CODE_GENDER", "NAME_FAMILY_STATUS", "SK_ID_CURR"} & set(features.scored_names)


def test_a_setting_readmits_protected_features(portfolio):
    features = FeatureSet.from_frame(portfolio[0], score_protected=True)
    assert "CODE_GENDER" in features.scored_names
    assert len(features.protected) == 2
    assert len(features.accepted) == len(features.scored)


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_text_is_encoded_alike_in_every_dtype(dtype):
    column = pd.Series(["driver", None, "clerk", "never seen"], dtype=dtype)
    encoded = FEATURES.encode_frame(frame(AMT=[1.0] * 4, JOB=column, AGE=[1.0] * 4))[:, 1]
    assert encoded[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(encoded[[1, 3]]).all()


@pytest.mark.parametrize("dtype", ["float64", "Float64", object])
def test_numbers_are_encoded_alike_in_every_dtype(dtype):
    column = pd.Series([1.5, None], dtype=dtype)
    encoded = FEATURES.encode_frame(frame(AMT=column, JOB=["clerk"] * 2, AGE=[1.0] * 2))[:, 0]
    assert encoded[0] == 1.5
    assert np.isnan(encoded[1])


def test_absent_columns_are_all_named():
    with pytest.raises(ModelError, match="without 2 of 3 scored features: JOB, AGE"):
        FEATURES.encode_frame(frame(AMT=[1.0]))


def test_text_in_a_numeric_column_is_refused_even_when_it_reads_as_a_number():
    with pytest.raises(ModelError, match="1 columns with other than numbers: AGE"):
        FEATURES.encode_frame(frame(AMT=[1.0], JOB=["clerk"], AGE=["41"]))


def test_every_column_that_no_model_can_take_is_named():
    table = frame(
        AMT=[np.inf, 1.0],
        JOB=["clerk", 1],
        DAY=pd.to_datetime(["2026-01-01", "2026-01-02"]),
        GOOD=[1.0, 2.0],
        **{"bad name": [1.0, 2.0]},
    )
    with pytest.raises(PortfolioError, match="4 of 5 columns") as caught:
        FeatureSet.from_frame(table)
    assert caught.value.fields["columns"] == {
        "AMT": "infinite values",
        "JOB": "text mixed with int",
        "DAY": "of type datetime64[ns]",
        "bad name": "its name",
    }


def test_a_frame_without_features_is_refused():
    with pytest.raises(PortfolioError, match="no feature"):
        FeatureSet.from_frame(pd.DataFrame({"SK_ID_CURR": [1], "TARGET": [0]}))


def test_it_survives_its_own_dictionary():
    assert FeatureSet.from_dict(FEATURES.to_dict()) == FEATURES
