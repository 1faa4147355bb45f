import pytest

from credit_risk.features.installments_payments import features

# credit, due day, day paid, due, paid, version of the plan
PAYMENTS = [
    (1, -30.0, -26.0, 100.0, 100.0, 1.0),
    (1, -60.0, -70.0, 100.0, 60.0, 1.0),
    (2, -800.0, -760.0, 200.0, 200.0, 2.0),
    # Missed: due, and not paid.
    (2, -830.0, None, 100.0, None, 2.0),
]
COLUMNS = (
    "SK_ID_PREV",
    "DAYS_INSTALMENT",
    "DAYS_ENTRY_PAYMENT",
    "AMT_INSTALMENT",
    "AMT_PAYMENT",
    "NUM_INSTALMENT_VERSION",
)


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **dict(zip(COLUMNS, payment, strict=True))} for payment in PAYMENTS]
    (only,) = rows_of(features(raw_table("installments_payments", *rows)))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INSTALMENTS_COUNT", 4.0),
        ("INSTALMENTS_SK_ID_PREV_DISTINCT", 2.0),
        ("INSTALMENTS_LATE_SHARE", 0.5),
        ("INSTALMENTS_LAST365D_LATE_SHARE", 0.5),
        ("INSTALMENTS_LAST90D_LATE_SHARE", 0.5),
        ("INSTALMENTS_LATE30D_COUNT", 1.0),
        ("INSTALMENTS_SHORT_SHARE", 0.25),
        ("INSTALMENTS_LAST365D_SHORT_SHARE", 0.5),
        ("INSTALMENTS_DAYS_LATE_MAX", 40.0),
        ("INSTALMENTS_DAYS_LATE_MEAN", 44 / 3),
        ("INSTALMENTS_LAST365D_DAYS_LATE_MEAN", 2.0),
        ("INSTALMENTS_LAST365D_DAYS_LATE_MEAN_MINUS_DAYS_LATE_MEAN", 2 - 44 / 3),
        ("INSTALMENTS_DAYS_EARLY_MEAN", 10 / 3),
        ("INSTALMENTS_UNDERPAID_MAX", 40.0),
        ("INSTALMENTS_LAST365D_UNDERPAID_SUM", 40.0),
        ("INSTALMENTS_PAID_SHARE_MIN", 0.6),
        ("INSTALMENTS_AMT_PAYMENT_SUM_TO_AMT_INSTALMENT_SUM", 0.72),
        ("INSTALMENTS_LAST365D_AMT_PAYMENT_SUM", 160.0),
        ("INSTALMENTS_NUM_INSTALMENT_VERSION_MAX", 2.0),
        ("INSTALMENTS_DAYS_ENTRY_PAYMENT_MAX", -26.0),
    ],
)
def test_payments_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == pytest.approx(expected)


def test_a_payment_entered_after_the_application_was_not_known(raw_table, rows_of):
    payment = {"SK_ID_CURR": 1, "DAYS_INSTALMENT": -5.0, "DAYS_ENTRY_PAYMENT": 2.0, "AMT_INSTALMENT": 9.0}
    assert rows_of(features(raw_table("installments_payments", payment))) == []
