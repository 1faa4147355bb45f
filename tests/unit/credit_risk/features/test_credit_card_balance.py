import pytest

from credit_risk.features.credit_card_balance import features

MONTHS = [
    {
        "MONTHS_BALANCE": -1.0,
        "AMT_BALANCE": 900.0,
        "AMT_CREDIT_LIMIT_ACTUAL": 1000.0,
        "AMT_DRAWINGS_CURRENT": 300.0,
        "AMT_DRAWINGS_ATM_CURRENT": 150.0,
        "CNT_DRAWINGS_ATM_CURRENT": 3.0,
        "AMT_INST_MIN_REGULARITY": 100.0,
        "AMT_PAYMENT_TOTAL_CURRENT": 60.0,
        "CNT_INSTALMENT_MATURE_CUM": 5.0,
        "SK_DPD": 4.0,
        "SK_DPD_DEF": 2.0,
    },
    {
        "MONTHS_BALANCE": -6.0,
        "AMT_BALANCE": 100.0,
        "AMT_CREDIT_LIMIT_ACTUAL": 1000.0,
        "AMT_DRAWINGS_CURRENT": 100.0,
        "AMT_DRAWINGS_ATM_CURRENT": 0.0,
        "CNT_DRAWINGS_ATM_CURRENT": 0.0,
        "AMT_INST_MIN_REGULARITY": 100.0,
        "AMT_PAYMENT_TOTAL_CURRENT": 120.0,
        "CNT_INSTALMENT_MATURE_CUM": 4.0,
        "SK_DPD": 0.0,
        "SK_DPD_DEF": 0.0,
    },
    # A card not yet open: no limit to use.
    {
        "MONTHS_BALANCE": -20.0,
        "AMT_BALANCE": 0.0,
        "AMT_CREDIT_LIMIT_ACTUAL": 0.0,
        "AMT_DRAWINGS_CURRENT": 0.0,
        "AMT_INST_MIN_REGULARITY": 0.0,
        "AMT_PAYMENT_TOTAL_CURRENT": 0.0,
        "SK_DPD": 0.0,
        "SK_DPD_DEF": 0.0,
    },
]


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **month} for month in MONTHS]
    (only,) = rows_of(features(raw_table("credit_card_balance", *rows)))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CARD_COUNT", 3.0),
        ("CARD_SK_DPD_MAX", 4.0),
        ("CARD_UTILIZATION_MEAN", 0.5),
        ("CARD_LAST3M_UTILIZATION_MEAN", 0.9),
        ("CARD_LAST3M_UTILIZATION_MEAN_MINUS_UTILIZATION_MEAN", 0.4),
        ("CARD_UTILIZATION_STD", 0.5656854249),
        ("CARD_AMT_BALANCE_MAX", 900.0),
        ("CARD_AMT_CREDIT_LIMIT_ACTUAL_MAX", 1000.0),
        ("CARD_IN_USE_SHARE", 2 / 3),
        ("CARD_CASH_SHARE", 1 / 3),
        ("CARD_AMT_DRAWINGS_ATM_CURRENT_SUM_TO_AMT_DRAWINGS_CURRENT_SUM", 0.375),
        ("CARD_LAST3M_AMT_DRAWINGS_CURRENT_MEAN", 300.0),
        ("CARD_CNT_DRAWINGS_ATM_CURRENT_MEAN", 1.5),
        ("CARD_PAID_TO_MINIMUM_MEAN", 0.9),
        ("CARD_LAST12M_SHORT_SHARE", 0.5),
        ("CARD_CNT_INSTALMENT_MATURE_CUM_MAX", 5.0),
        ("CARD_LATE_SHARE", 1 / 3),
        ("CARD_SK_DPD_DEF_MAX", 2.0),
        ("CARD_MONTHS_BALANCE_MIN", -20.0),
    ],
)
def test_months_of_a_card_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == pytest.approx(expected, rel=1e-4)
