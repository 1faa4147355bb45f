import pytest

from credit_risk.features.installments_payments import features
from credit_risk.features.installments_payments_loans import LOAN_FEATURES

COLUMNS = (
    "SK_ID_PREV",
    "DAYS_INSTALMENT",
    "DAYS_ENTRY_PAYMENT",
    "AMT_INSTALMENT",
    "AMT_PAYMENT",
    "NUM_INSTALMENT_NUMBER",
)
# Three instalments, the last in two payments, one of them a day late.
RECENT = [
    (1, -90.0, -95.0, 100.0, 100.0, 1.0),
    (1, -60.0, -60.0, 100.0, 100.0, 2.0),
    (1, -30.0, -30.0, 100.0, 40.0, 3.0),
    (1, -30.0, -29.0, 100.0, 60.0, 3.0),
]
OLD_AND_LATE = [(2, -800.0, -780.0, 50.0, 50.0, 1.0), (2, -770.0, -765.0, 50.0, 30.0, 2.0)]
OLD_AND_PUNCTUAL = [(3, -900.0, -900.0, 70.0, 70.0, 1.0)]

EXPECTED = {
    "INSTALMENTS_LOANS_COUNT": 3.0,
    "INSTALMENTS_LOANS_LATE_SHARE": 2 / 3,
    # Of the credit that was due last.
    "INSTALMENTS_LOANS_DAYS_LATE_MAX_LATEST": 1.0,
    "INSTALMENTS_LOANS_MEAN_DELAY_MAX": 12.5,
    "INSTALMENTS_LOANS_MEAN_DELAY_LATEST": 0.25,
    "INSTALMENTS_LOANS_LATE_SHARE_MAX": 1.0,
    "INSTALMENTS_LOANS_LATE_SHARE_LATEST": 0.25,
    "INSTALMENTS_LOANS_PAYMENTS_OF_INSTALMENT": 7 / 6,
}


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    payments = [*OLD_AND_LATE, *RECENT, *OLD_AND_PUNCTUAL]
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, payment, strict=True))} for payment in payments]
    (only,) = rows_of(features(raw_table("installments_payments", *rows)))
    return only


def test_each_feature_of_the_credits_has_a_value_by_hand():
    assert list(EXPECTED) == [term.name for term in LOAN_FEATURES]


@pytest.mark.parametrize("name", EXPECTED)
def test_credits_give_the_value_computed_by_hand(row, name):
    assert row[name] == pytest.approx(EXPECTED[name])
