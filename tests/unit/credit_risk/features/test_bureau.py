import pytest

from credit_risk.features.bureau import features

CREDITS = [
    {
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Credit card",
        "DAYS_CREDIT": -100.0,
        "DAYS_CREDIT_ENDDATE": 265.0,
        "AMT_CREDIT_SUM": 1000.5,
        "AMT_CREDIT_SUM_DEBT": 400.2,
        "AMT_CREDIT_SUM_LIMIT": 600.3,
        "AMT_CREDIT_MAX_OVERDUE": 0.0,
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
        "AMT_CREDIT_SUM_DEBT": -100.2,
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
    {
        "CREDIT_ACTIVE": "Closed",
        "CREDIT_TYPE": "Consumer credit",
        "DAYS_CREDIT": -600.0,
        "DAYS_CREDIT_ENDDATE": -300.0,
        "DAYS_ENDDATE_FACT": -310.0,
        "AMT_CREDIT_SUM": 0.0,
        "AMT_CREDIT_SUM_DEBT": 0.0,
        "CREDIT_DAY_OVERDUE": 0.0,
        "DAYS_CREDIT_UPDATE": -100.0,
    },
]


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    (only,) = rows_of(features(raw_table("bureau", *({"SK_ID_CURR": 1, **credit} for credit in CREDITS))))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BUREAU_COUNT", 4.0),
        ("BUREAU_ACTIVE_COUNT", 2.0),
        ("BUREAU_ACTIVE_CARD_COUNT", 1.0),
        ("BUREAU_ACTIVE_PAST_END_COUNT", 1.0),
        ("BUREAU_ACTIVE_OWED_COUNT", 1.0),
        ("BUREAU_RUNNING_COUNT", 1.0),
        ("BUREAU_CLOSED365D_COUNT", 1.0),
        ("BUREAU_SOLD_COUNT", 0.0),
        ("BUREAU_SECURED_COUNT", 1.0),
        ("BUREAU_EVER_LATE_COUNT", 1.0),
        ("BUREAU_LAST365D_COUNT", 1.0),
        ("BUREAU_LAST730D_COUNT", 3.0),
        ("BUREAU_ACTIVE_SHARE", 0.5),
        ("BUREAU_MICROLOAN_SHARE", 0.0),
        ("BUREAU_ACTIVE_CONSUMER_SHARE", 0.5),
        ("BUREAU_DAYS_CREDIT_MAX", -100.0),
        ("BUREAU_DAYS_CREDIT_MEAN", -900.0),
        # From the first credit to the last 2,400 days, of 4 credits.
        ("BUREAU_SPACING", 600.0),
        ("BUREAU_EVER_LATE_DAYS_CREDIT_MAX", -2500.0),
        ("BUREAU_ACTIVE_DAYS_CREDIT_ENDDATE_MAX", 265.0),
        ("BUREAU_CONSUMER_DAYS_CREDIT_ENDDATE_SUM", -335.0),
        ("BUREAU_CONSUMER_TERM_MEAN", 332.5),
        ("BUREAU_CONSUMER_CLOSING_DELAY_MEAN", -10.0),
        ("BUREAU_DURATION_MEAN", 395.0),
        ("BUREAU_ACTIVE_REPORT_PAST_END_MAX", -275.0),
        # The report dated 372 days after the application was not known then.
        ("BUREAU_DAYS_CREDIT_UPDATE_MEAN", -700.0),
        ("BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM", 300.0),
        ("BUREAU_ACTIVE_AMT_CREDIT_SUM_SUM", 2000.0),
        ("BUREAU_AMT_CREDIT_SUM_FIRST", 2000.0),
        ("BUREAU_REPAID_LATEST", 600.3),
        ("BUREAU_REPAID_SUM", 1700.0),
        ("BUREAU_ACTIVE_REPAID_MIN", 600.3),
        ("BUREAU_UTILIZATION_MAX", 0.4),
        ("BUREAU_UTILIZATION_LATEST", 0.4),
        ("BUREAU_ACTIVE_DEBT_TO_CREDIT", 0.15),
        ("BUREAU_CARD_DEBT_TO_CREDIT", 0.4),
        ("BUREAU_DEBT_TO_CREDIT", 0.075),
        ("BUREAU_ACTIVE_LIMIT_TO_DEBT", 2.001),
        ("BUREAU_CREDIT_DAY_OVERDUE_MAX", 3.0),
        ("BUREAU_AMT_CREDIT_MAX_OVERDUE_MAX", 70.0),
        ("BUREAU_AMT_CREDIT_MAX_OVERDUE_LATEST", 0.0),
        ("BUREAU_CNT_CREDIT_PROLONG_SUM", 2.0),
        ("BUREAU_ACTIVE_AMT_ANNUITY_SUM", 50.0),
        # No amount is known: missing, not zero.
        ("BUREAU_AMT_CREDIT_SUM_OVERDUE_SUM", None),
        ("BUREAU_LAST365D_MICROLOAN_SHARE", 0.0),
    ],
)
def test_credits_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == (None if expected is None else pytest.approx(expected))


def test_a_credit_of_no_amount_has_no_utilization(raw_table, rows_of):
    (only,) = rows_of(features(raw_table("bureau", {"SK_ID_CURR": 1, **CREDITS[3]})))
    assert (only["BUREAU_UTILIZATION_MEAN"], only["BUREAU_REPAID_MEAN"]) == (None, 0.0)


def test_debt_given_up_counts_as_sold(raw_table, rows_of):
    states = [{"SK_ID_CURR": 1, "CREDIT_ACTIVE": state} for state in ("Sold", "Bad debt", "Active")]
    (only,) = rows_of(features(raw_table("bureau", *states)))
    assert only["BUREAU_SOLD_COUNT"] == 2.0
