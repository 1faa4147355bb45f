import pytest

from credit_risk.features.pos_cash_balance import features
from credit_risk.features.pos_cash_balance_loans import LOAN_FEATURES

COLUMNS = ("SK_ID_PREV", "MONTHS_BALANCE", "NAME_CONTRACT_STATUS", "SK_DPD", "CNT_INSTALMENT", "CNT_INSTALMENT_FUTURE")
RUNNING = [
    (1, -1.0, "Active", 0.0, 12.0, 6.0),
    (1, -2.0, "Active", 8.0, 12.0, 7.0),
    (1, -3.0, "Active", 0.0, 12.0, 8.0),
    (1, -4.0, "Active", 0.0, 12.0, 9.0),
]
# Agreed for 10 instalments, done after 2, and late by half.
PAID_EARLY = [(2, -13.0, "Completed", 0.0, 2.0, 0.0), (2, -14.0, "Active", 30.0, 10.0, 9.0)]
ENDED_TODAY = [(3, -2.0, "Completed", 0.0, 4.0, 0.0)]
SILENT = [(4, -30.0, "Active", 0.0, 6.0, 5.0)]

EXPECTED = {
    "POS_LOANS_COUNT": 4.0,
    "POS_LOANS_OPEN_REPORTED_COUNT": 1.0,
    "POS_LOANS_ABANDONED_COUNT": 1.0,
    "POS_LOANS_ENDED_SHARE": 0.5,
    "POS_LOANS_ENDED_SHORTENED_SHARE": 0.25,
    "POS_LOANS_LATE_SHARE": 0.5,
    # Of the loan reported last.
    "POS_LOANS_LATE_SHARE_LATEST": 0.25,
    "POS_LOANS_LATE_SHARE_MAX": 0.5,
    "POS_LOANS_SK_DPD_MAX_LATEST": 8.0,
    "POS_LOANS_REPORTED_CNT_INSTALMENT_FUTURE_MIN_SUM": 6.0,
    "POS_LOANS_REPORTED_CNT_INSTALMENT_FUTURE_MIN_MAX": 6.0,
    "POS_LOANS_LEFT_SHARE": 6 / 16,
    "POS_LOANS_CNT_INSTALMENT_MAX_LATEST": 12.0,
}


def loans(raw_table, months):
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, month, strict=True))} for month in months]
    return raw_table("POS_CASH_balance", *rows)


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    (only,) = rows_of(features(loans(raw_table, [*SILENT, *RUNNING, *PAID_EARLY, *ENDED_TODAY])))
    return only


def test_each_feature_of_the_loans_has_a_value_by_hand():
    assert list(EXPECTED) == [term.name for term in LOAN_FEATURES]


@pytest.mark.parametrize("name", EXPECTED)
def test_loans_give_the_value_computed_by_hand(row, name):
    assert row[name] == pytest.approx(EXPECTED[name])


def test_who_has_no_running_loan_has_none_left(raw_table, rows_of):
    (row,) = rows_of(features(loans(raw_table, PAID_EARLY)))
    assert row["POS_LOANS_OPEN_REPORTED_COUNT"] == 0.0
    assert row["POS_LOANS_ABANDONED_COUNT"] == 0.0
    assert row["POS_LOANS_REPORTED_CNT_INSTALMENT_FUTURE_MIN_SUM"] is None
