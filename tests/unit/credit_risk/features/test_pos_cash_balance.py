import pytest

from credit_risk.features.pos_cash_balance import features

# month, loan, state, days past due, without small debts, instalments in all, left
MONTHS = [
    (-1.0, 1, "Active", 0.0, 0.0, 12.0, 6.0),
    (-2.0, 1, "Active", 8.0, 4.0, 12.0, 7.0),
    (-13.0, 2, "Completed", 0.0, 0.0, 6.0, 0.0),
    (-14.0, 2, "Active", 30.0, 0.0, 6.0, 1.0),
]
COLUMNS = (
    "MONTHS_BALANCE",
    "SK_ID_PREV",
    "NAME_CONTRACT_STATUS",
    "SK_DPD",
    "SK_DPD_DEF",
    "CNT_INSTALMENT",
    "CNT_INSTALMENT_FUTURE",
)


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, month, strict=True))} for month in MONTHS]
    (only,) = rows_of(features(raw_table("POS_CASH_balance", *rows)))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("POS_COUNT", 4.0),
        ("POS_SK_ID_PREV_DISTINCT", 2.0),
        ("POS_LAST12M_ACTIVE_SK_ID_PREV_DISTINCT", 1.0),
        ("POS_COMPLETED_COUNT", 1.0),
        ("POS_LATE_SHARE", 0.5),
        ("POS_LATE_DEF_SHARE", 0.25),
        ("POS_LAST12M_LATE_SHARE", 0.5),
        ("POS_MONTHS_BALANCE_MIN", -14.0),
        ("POS_LATE_MONTHS_BALANCE_MAX", -2.0),
        ("POS_SK_DPD_MAX", 30.0),
        ("POS_SK_DPD_DEF_MEAN", 1.0),
        ("POS_LAST12M_SK_DPD_DEF_MEAN", 2.0),
        ("POS_LAST12M_SK_DPD_DEF_MEAN_MINUS_SK_DPD_DEF_MEAN", 1.0),
        ("POS_CNT_INSTALMENT_MEAN", 9.0),
        ("POS_CNT_INSTALMENT_FUTURE_MEAN", 3.5),
        ("POS_LAST3M_CNT_INSTALMENT_FUTURE_MAX", 7.0),
    ],
)
def test_months_of_loans_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == pytest.approx(expected)
