import pytest

from credit_risk.features.pos_cash_balance import MONTH_FEATURES, features

COLUMNS = (
    "MONTHS_BALANCE",
    "SK_ID_PREV",
    "NAME_CONTRACT_STATUS",
    "SK_DPD",
    "SK_DPD_DEF",
    "CNT_INSTALMENT",
    "CNT_INSTALMENT_FUTURE",
)
MONTHS = [
    (-1.0, 1, "Active", 0.0, 0.0, 12.0, 6.0),
    (-2.0, 1, "Active", 8.0, 4.0, 12.0, 9.0),
    (-13.0, 2, "Completed", 0.0, 0.0, 6.0, 0.0),
    (-14.0, 2, "Demand", 30.0, 0.0, 6.0, 3.0),
    (-15.0, 2, "Signed", 0.0, 0.0, None, None),
    (-20.0, 3, "Returned to the store", 0.0, 0.0, 4.0, 4.0),
]

EXPECTED = {
    "POS_COUNT": 6.0,
    "POS_RETURNED_COUNT": 1.0,
    "POS_CALLED_COUNT": 1.0,
    "POS_SIGNED_SHARE": 1 / 6,
    "POS_LATE_SHARE": 2 / 6,
    "POS_LAST12M_LATE_SHARE": 0.5,
    "POS_LAST12M_LATE_SHARE_MINUS_LATE_SHARE": 1 / 6,
    "POS_LATE_DEF_SHARE": 1 / 6,
    "POS_SK_DPD_MAX": 30.0,
    "POS_SK_DPD_MEAN": 38 / 6,
    "POS_SK_DPD_DEF_MAX": 4.0,
    "POS_SK_DPD_DEF_MEAN": 4 / 6,
    "POS_LAST12M_SK_DPD_DEF_MEAN": 2.0,
    "POS_MONTHS_BALANCE_MIN": -20.0,
    "POS_MONTHS_BALANCE_MAX": -1.0,
    "POS_MONTHS_BALANCE_MEAN": -65 / 6,
    "POS_MONTHS_BALANCE_MAX_MINUS_MONTHS_BALANCE_MIN": 19.0,
    "POS_LATE_MONTHS_BALANCE_MAX": -2.0,
    "POS_COMPLETED_MONTHS_BALANCE_MAX": -13.0,
    "POS_CNT_INSTALMENT_MEAN": 8.0,
    "POS_CNT_INSTALMENT_MAX": 12.0,
    "POS_CNT_INSTALMENT_FUTURE_MEAN": 22 / 5,
    "POS_CNT_INSTALMENT_FUTURE_TO_CNT_INSTALMENT_MEAN": (0.5 + 0.75 + 0 + 0.5 + 1) / 5,
    "POS_CNT_INSTALMENT_FUTURE_TO_CNT_INSTALMENT_STD": 0.3708099,
    "POS_LAST12M_CNT_INSTALMENT_FUTURE_TO_CNT_INSTALMENT_MEAN": 0.625,
}


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, month, strict=True))} for month in MONTHS]
    (only,) = rows_of(features(raw_table("POS_CASH_balance", *rows)))
    return only


def test_each_feature_of_the_months_has_a_value_by_hand():
    assert list(EXPECTED) == [term.name for term in MONTH_FEATURES]


@pytest.mark.parametrize("name", EXPECTED)
def test_months_of_loans_give_the_value_computed_by_hand(row, name):
    assert row[name] == pytest.approx(EXPECTED[name], rel=1e-6)
