import pytest

from credit_risk.features.installments_payments import PAYMENT_FEATURES, features

COLUMNS = (
    "SK_ID_PREV",
    "DAYS_INSTALMENT",
    "DAYS_ENTRY_PAYMENT",
    "AMT_INSTALMENT",
    "AMT_PAYMENT",
    "NUM_INSTALMENT_VERSION",
    "NUM_INSTALMENT_NUMBER",
)
PAYMENTS = [
    (1, -30.0, -26.0, 100.0, 100.0, 1.0, 2.0),
    (1, -60.0, -70.0, 100.0, 60.0, 1.0, 1.0),
    # A card.
    (2, -200.0, -200.0, 50.0, 50.0, 0.0, 8.0),
    (3, -800.0, -760.0, 200.0, 200.0, 2.0, 5.0),
    # Missed: due, and not paid.
    (3, -830.0, None, 100.0, None, 2.0, 4.0),
]

EXPECTED = {
    # Of all five: what was not paid was not paid late.
    "INSTALMENTS_LATE_SHARE": 0.4,
    "INSTALMENTS_LAST365D_LATE_SHARE": 1 / 3,
    "INSTALMENTS_LAST730D_LATE_SHARE": 1 / 3,
    "INSTALMENTS_OF_LOANS_LATE_SHARE": 0.5,
    "INSTALMENTS_LAST365D_LATE_SHARE_MINUS_LATE_SHARE": 1 / 3 - 0.4,
    "INSTALMENTS_LATE7D_SHARE": 0.2,
    "INSTALMENTS_LATE30D_COUNT": 1.0,
    "INSTALMENTS_DAYS_LATE_MAX": 40.0,
    "INSTALMENTS_DAYS_LATE_STD": (1132 / 3) ** 0.5,
    "INSTALMENTS_DAYS_LATE_MEAN": 11.0,
    "INSTALMENTS_LAST365D_DAYS_LATE_MEAN": 4 / 3,
    "INSTALMENTS_LAST90D_DAYS_LATE_MEAN": 2.0,
    "INSTALMENTS_LAST365D_DAYS_LATE_MAX": 4.0,
    "INSTALMENTS_LAST365D_DAYS_LATE_MEAN_MINUS_DAYS_LATE_MEAN": 4 / 3 - 11,
    "INSTALMENTS_DELAY_IF_LATE": 27.5,
    "INSTALMENTS_DAYS_EARLY_MEAN": 2.5,
    "INSTALMENTS_DAYS_EARLY_MAX": 10.0,
    "INSTALMENTS_LAST365D_DAYS_EARLY_MEAN": 10 / 3,
    "INSTALMENTS_DELAY_LATEST": 4.0,
    # 4 days late with all, 10 early with 6 tenths, 40 late with all.
    "INSTALMENTS_DAYS_ENTRY_PAYMENT_MIN": -760.0,
    "INSTALMENTS_DAYS_ENTRY_PAYMENT_MAX": -26.0,
    "INSTALMENTS_DAYS_ENTRY_PAYMENT_MEAN": -264.0,
    "INSTALMENTS_LATE_DAYS_ENTRY_PAYMENT_MEAN": -393.0,
    "INSTALMENTS_LATE_DAYS_ENTRY_PAYMENT_MAX": -26.0,
    "INSTALMENTS_AMT_PAYMENT_MEAN": 102.5,
    "INSTALMENTS_AMT_PAYMENT_MIN": 50.0,
    "INSTALMENTS_AMT_PAYMENT_MAX": 200.0,
    "INSTALMENTS_AMT_PAYMENT_SUM": 410.0,
    "INSTALMENTS_LAST365D_AMT_PAYMENT_SUM": 210.0,
    "INSTALMENTS_PAYMENT_OF_YEAR": 70.0,
    "INSTALMENTS_LAST365D_AMT_PAYMENT_SUM_TO_AMT_PAYMENT_SUM": 210 / 410,
    "INSTALMENTS_LAST90D_AMT_PAYMENT_SUM_TO_LAST365D_AMT_PAYMENT_SUM": 160 / 210,
    "INSTALMENTS_ON_TIME_AMT_PAYMENT_SUM": 110.0,
    "INSTALMENTS_ON_TIME_AMT_PAYMENT_SUM_TO_AMT_PAYMENT_SUM": 110 / 410,
    "INSTALMENTS_SHORT_SHARE": 0.2,
    "INSTALMENTS_LAST365D_SHORT_SHARE": 1 / 3,
    "INSTALMENTS_UNDERPAID_MAX": 40.0,
    "INSTALMENTS_AMT_INSTALMENT_SUM_MINUS_AMT_PAYMENT_SUM": 140.0,
    "INSTALMENTS_AMT_PAYMENT_SUM_TO_AMT_INSTALMENT_SUM": 410 / 550,
    "INSTALMENTS_UNDERPAID_OF_YEAR": 40.0,
    "INSTALMENTS_PAID_OF_YEAR": 0.84,
    "INSTALMENTS_PAID_SHARE_MEAN": 0.9,
    "INSTALMENTS_PAID_SHARE_MIN": 0.6,
    "INSTALMENTS_COUNT": 5.0,
    "INSTALMENTS_LAST365D_COUNT": 3.0,
    "INSTALMENTS_OF_LOANS_SHARE": 0.8,
    "INSTALMENTS_REVISED_SHARE": 0.4,
    "INSTALMENTS_NUM_INSTALMENT_VERSION_MAX": 2.0,
    "INSTALMENTS_NUM_INSTALMENT_NUMBER_MEAN": 4.0,
    "INSTALMENTS_NUM_INSTALMENT_NUMBER_MAX": 8.0,
}


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, payment, strict=True))} for payment in PAYMENTS]
    (only,) = rows_of(features(raw_table("installments_payments", *rows)))
    return only


def test_each_feature_of_the_payments_has_a_value_by_hand():
    assert list(EXPECTED) == [term.name for term in PAYMENT_FEATURES]


@pytest.mark.parametrize("name", EXPECTED)
def test_payments_give_the_value_computed_by_hand(row, name):
    assert row[name] == pytest.approx(EXPECTED[name], rel=1e-5)


def test_a_payment_entered_after_the_application_was_not_known(raw_table, rows_of):
    payment = {"SK_ID_CURR": 1, "DAYS_INSTALMENT": -5.0, "DAYS_ENTRY_PAYMENT": 2.0, "AMT_INSTALMENT": 9.0}
    assert rows_of(features(raw_table("installments_payments", payment))) == []
