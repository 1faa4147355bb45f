import statistics
from functools import cache

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features.application import TABLE, features, features_of

FORM = {
    "SK_ID_CURR": 1,
    "AMT_INCOME_TOTAL": 200_000.0,
    "AMT_CREDIT": 500_000.0,
    "AMT_ANNUITY": 25_000.0,
    "AMT_GOODS_PRICE": 400_000.0,
    "CNT_CHILDREN": 0.0,
    "CNT_FAM_MEMBERS": 4.0,
    "DAYS_BIRTH": -10_000.0,
    "DAYS_EMPLOYED": -2_000.0,
    "DAYS_REGISTRATION": -6_000.0,
    "DAYS_ID_PUBLISH": -1_500.0,
    "EXT_SOURCE_1": 0.2,
    "EXT_SOURCE_2": 0.4,
    "EXT_SOURCE_3": 0.9,
    "CODE_GENDER": "XNA",
    "ORGANIZATION_TYPE": "XNA",
    "FLAG_DOCUMENT_3": 1.0,
    "FLAG_DOCUMENT_20": 1.0,
    "AMT_REQ_CREDIT_BUREAU_HOUR": 1.0,
    "AMT_REQ_CREDIT_BUREAU_YEAR": 2.0,
    "APARTMENTS_AVG": 0.1,
    "LIVINGAREA_AVG": 0.3,
    "APARTMENTS_MODE": 0.3,
    "REG_REGION_NOT_WORK_REGION": 1.0,
    "REG_CITY_NOT_WORK_CITY": 1.0,
}


MEDIAN = next(term for term in TABLE.specifications if term.name == "EXT_SOURCE_MEDIAN")


@pytest.fixture(scope="module")
def form_features(engine, raw_table):
    # Compiled once: for so many features that takes longer than running them.
    columns = TABLE.inputs["application_train"]
    compiled = engine.compile(features_of(ibis.table(dict(columns), name="application_form")))

    @cache
    def compute(**changes):
        form = engine.to_pyarrow(raw_table("application_train", {**FORM, **changes}))
        engine.con.register("application_form", form)
        (row,) = engine.con.execute(compiled).to_arrow_table().to_pylist()
        return row

    return compute


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EXT_SOURCE_MEAN", 0.5),
        ("EXT_SOURCE_MIN", 0.2),
        ("EXT_SOURCE_MAX", 0.9),
        ("EXT_SOURCE_STD", 0.36055512754),
        ("EXT_SOURCE_PRODUCT", 0.072),
        ("EXT_SOURCE_2_TIMES_EXT_SOURCE_3", 0.36),
        # (2 x 0.2 + 3 x 0.4 + 4 x 0.9) / 9
        ("EXT_SOURCE_WEIGHTED_MEAN", 0.57777777778),
        ("EXT_SOURCE_MEDIAN", 0.4),
        ("EXT_SOURCE_1_MINUS_EXT_SOURCE_3", -0.7),
        ("EXT_SOURCE_MIN_TIMES_EXT_SOURCE_MAX", 0.18),
        ("DAYS_BIRTH_TO_EXT_SOURCE_1", -50_000.0),
        ("DAYS_EMPLOYED_TIMES_EXT_SOURCE_MEAN", -1_000.0),
        ("CREDIT_TERM_TIMES_EXT_SOURCE_MEAN", 10.0),
        ("AMT_ANNUITY_TO_EXT_SOURCE_2", 62_500.0),
        ("CREDIT_TERM", 20.0),
        ("GOODS_TERM", 16.0),
        ("CREDIT_BURDEN", 2.5),
        ("ANNUITY_BURDEN", 0.125),
        ("CREDIT_SHARE", 1.25),
        ("CREDIT_SURPLUS", 100_000.0),
        ("CREDIT_SURPLUS_TO_AMT_ANNUITY", 4.0),
        ("DAYS_BIRTH_TO_CREDIT_TERM", -500.0),
        ("AMT_INCOME_TOTAL_TO_CNT_FAM_MEMBERS", 50_000.0),
        ("ANNUITY_BURDEN_TIMES_CNT_FAM_MEMBERS", 0.5),
        # No child: nothing to share among.
        ("AMT_INCOME_TOTAL_TO_CNT_CHILDREN", None),
        ("DAYS_EMPLOYED_TO_DAYS_BIRTH", 0.2),
        ("DAYS_ID_PUBLISH_MINUS_DAYS_EMPLOYED", 500.0),
        ("DOCUMENTS_SUM", 2.0),
        ("ENQUIRIES_SUM", 3.0),
        ("RECENT_ENQUIRIES_SUM_TO_ENQUIRIES_SUM", 1 / 3),
        ("REGION_MISMATCHES_SUM", 1.0),
        ("MISMATCHES_SUM", 2.0),
        ("BUILDING_MEAN", 0.2),
        ("BUILDING_PRESENT", 2.0),
        ("BUILDING_MODE_MEAN_MINUS_BUILDING_MEAN", 0.1),
        ("AMT_CREDIT", 500_000.0),
    ],
)
def test_a_form_gives_the_value_computed_by_hand(form_features, name, expected):
    assert form_features()[name] == (None if expected is None else pytest.approx(expected))


def test_a_pensioner_has_no_days_of_employment(form_features):
    row = form_features(DAYS_EMPLOYED=365243.0)
    assert row["DAYS_EMPLOYED"] is None
    assert row["DAYS_EMPLOYED_TO_DAYS_BIRTH"] is None


def test_a_word_for_missing_stays_a_level(form_features):
    row = form_features()
    assert (row["ORGANIZATION_TYPE"], row["CODE_GENDER"], row["OCCUPATION_TYPE"]) == ("XNA", "XNA", None)


def test_scores_that_are_missing_are_skipped(form_features):
    row = form_features(EXT_SOURCE_1=None, EXT_SOURCE_2=None)
    assert (row["EXT_SOURCE_MEAN"], row["EXT_SOURCE_PRESENT"]) == (0.9, 1.0)
    assert (row["EXT_SOURCE_STD"], row["EXT_SOURCE_PRODUCT"], row["EXT_SOURCE_MEDIAN"]) == (None, None, None)


def test_a_weighted_score_weighs_those_that_are_there(form_features):
    row = form_features(EXT_SOURCE_2=None)
    assert row["EXT_SOURCE_WEIGHTED_MEAN"] == pytest.approx((2 * 0.2 + 4 * 0.9) / 6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 99), min_size=3, max_size=3))
def test_the_middle_score_is_the_median(value_of, hundredths):
    scores = [step / 100 for step in hundredths]
    columns = {f"EXT_SOURCE_{i + 1}": [score] for i, score in enumerate(scores)}
    (middle,) = value_of(MEDIAN, columns)
    assert middle == pytest.approx(statistics.median(scores))


def test_no_income_leaves_ratios_to_income_missing(form_features):
    row = form_features(AMT_INCOME_TOTAL=0.0)
    assert row["CREDIT_BURDEN"] is None
    assert row["AMT_INCOME_TOTAL"] == 0.0


def test_labelled_and_unlabelled_applications_stand_together(raw_table, rows_of):
    train = raw_table("application_train", FORM)
    test = raw_table("application_test", {**FORM, "SK_ID_CURR": 2})
    assert [row["SK_ID_CURR"] for row in rows_of(features(train, test))] == [1, 2]


def test_columns_typed_otherwise_in_the_second_file_are_cast(raw_table, rows_of):
    train = raw_table("application_train", FORM)
    test = raw_table("application_test", {**FORM, "SK_ID_CURR": 2}).cast({"CNT_FAM_MEMBERS": "int32"})
    rows = rows_of(features(train, test))
    assert [row["CNT_FAM_MEMBERS"] for row in rows] == [4.0, 4.0]


def test_the_protected_columns_are_kept_for_fairness_figures():
    assert {"CODE_GENDER", "NAME_FAMILY_STATUS"} <= {term.name for term in TABLE.specifications}


def test_the_number_of_adults_is_in_no_feature():
    # Family members less children says married or not: the protected family status.
    both = {"CNT_CHILDREN", "CNT_FAM_MEMBERS"}
    assert [term.name for term in TABLE.specifications if both <= {part.name for part in term.walk()}] == []
