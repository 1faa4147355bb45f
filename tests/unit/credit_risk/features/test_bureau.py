import pytest

from credit_risk.features.bureau import features

CREDITS = [
    {
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Credit card",
        "DAYS_CREDIT": -100.0,
        "DAYS_CREDIT_ENDDATE": 265.0,
        "AMT_CREDIT_SUM": 1000.5,
        "AMT_CREDIT_SUM_DEBT": 400.0,
        "CREDIT_DAY_OVERDUE": 3.0,
        "AMT_ANNUITY": 50.0,
        "DAYS_CREDIT_UPDATE": -10.0,
    },
    {
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Consumer credit",
        "DAYS_CREDIT": -400.0,
        "DAYS_CREDIT_ENDDATE": -35.0,
        "AMT_CREDIT_SUM": 999.5,
        "AMT_CREDIT_SUM_DEBT": -100.0,
        "CREDIT_DAY_OVERDUE": 0.0,
        "DAYS_CREDIT_UPDATE": 372.0,
    },
    {
        "CREDIT_ACTIVE": "Closed",
        "CREDIT_TYPE": "Mortgage",
        "DAYS_CREDIT": -2500.0,
        "DAYS_CREDIT_ENDDATE": -42_023.0,
        "DAYS_ENDDATE_FACT": -2000.0,
        "AMT_CREDIT_SUM": 2000.0,
        "AMT_CREDIT_MAX_OVERDUE": 70.0,
        "CREDIT_DAY_OVERDUE": 0.0,
        "CNT_CREDIT_PROLONG": 2.0,
        "DAYS_CREDIT_UPDATE": -1990.0,
    },
]


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    (only,) = rows_of(features(raw_table("bureau", *({"SK_ID_CURR": 1, **credit} for credit in CREDITS))))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BUREAU_COUNT", 3.0),
        ("BUREAU_ACTIVE_COUNT", 2.0),
        ("BUREAU_ACTIVE_CARD_COUNT", 1.0),
        ("BUREAU_SECURED_COUNT", 1.0),
        ("BUREAU_MICROLOAN_COUNT", 0.0),
        ("BUREAU_LAST365D_COUNT", 1.0),
        ("BUREAU_LATE_COUNT", 1.0),
        ("BUREAU_ACTIVE_SHARE", 2 / 3),
        ("BUREAU_CREDIT_TYPE_DISTINCT", 3.0),
        ("BUREAU_DAYS_CREDIT_MAX", -100.0),
        ("BUREAU_DAYS_CREDIT_MEAN", -1000.0),
        ("BUREAU_ACTIVE_DAYS_CREDIT_ENDDATE_MAX", 265.0),
        ("BUREAU_CONSUMER_TERM_MEAN", 365.0),
        ("BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM", 300.0),
        ("BUREAU_ACTIVE_AMT_CREDIT_SUM_SUM", 2000.0),
        ("BUREAU_ACTIVE_DEBT_TO_CREDIT", 0.15),
        ("BUREAU_AMT_CREDIT_SUM_DEBT_SUM_TO_AMT_CREDIT_SUM_SUM", 0.075),
        ("BUREAU_AMT_CREDIT_MAX_OVERDUE_MAX", 70.0),
        ("BUREAU_CNT_CREDIT_PROLONG_SUM", 2.0),
        ("BUREAU_ACTIVE_AMT_ANNUITY_SUM", 50.0),
        # The report dated 372 days after the application was not known then.
        ("BUREAU_DAYS_CREDIT_UPDATE_MEAN", -1000.0),
        # No amount is known: missing, not zero.
        ("BUREAU_AMT_CREDIT_SUM_OVERDUE_SUM", None),
    ],
)
def test_credits_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == (None if expected is None else pytest.approx(expected))
