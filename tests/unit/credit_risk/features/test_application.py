from functools import cache

import pytest

from credit_risk.features.application import TABLE, features, features_of

FORM = {
    "SK_ID_CURR": 1,
    "AMT_INCOME_TOTAL": 200_000.0,
    "AMT_CREDIT": 500_000.0,
    "AMT_ANNUITY": 25_000.0,
    "AMT_GOODS_PRICE": 400_000.0,
    "CNT_FAM_MEMBERS": 4.0,
    "DAYS_BIRTH": -10_000.0,
    "DAYS_EMPLOYED": -2_000.0,
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
}


@pytest.fixture(scope="module")
def form_features(raw_table, rows_of):
    @cache
    def compute(**changes):
        (row,) = rows_of(features_of(raw_table("application_train", {**FORM, **changes})))
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
        ("AMT_CREDIT_TO_AMT_ANNUITY", 20.0),
        ("AMT_CREDIT_TO_AMT_INCOME_TOTAL", 2.5),
        ("AMT_ANNUITY_TO_AMT_INCOME_TOTAL", 0.125),
        ("AMT_CREDIT_TO_AMT_GOODS_PRICE", 1.25),
        ("AMT_CREDIT_MINUS_AMT_GOODS_PRICE", 100_000.0),
        ("AMT_INCOME_TOTAL_TO_CNT_FAM_MEMBERS", 50_000.0),
        ("DAYS_EMPLOYED_TO_DAYS_BIRTH", 0.2),
        ("DOCUMENTS_SUM", 2.0),
        ("ENQUIRIES_SUM", 3.0),
        ("BUILDING_MEAN", 0.2),
        ("BUILDING_PRESENT", 2.0),
        ("AMT_CREDIT", 500_000.0),
    ],
)
def test_a_form_gives_the_value_computed_by_hand(form_features, name, expected):
    assert form_features()[name] == pytest.approx(expected)


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
    assert (row["EXT_SOURCE_STD"], row["EXT_SOURCE_PRODUCT"]) == (None, None)


def test_no_income_leaves_ratios_to_income_missing(form_features):
    row = form_features(AMT_INCOME_TOTAL=0.0)
    assert row["AMT_CREDIT_TO_AMT_INCOME_TOTAL"] is None
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
