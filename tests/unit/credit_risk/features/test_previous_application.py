import pytest

from credit_risk.features.previous_application import features

APPLICATIONS = [
    {
        "NAME_CONTRACT_STATUS": "Approved",
        "NAME_CONTRACT_TYPE": "Consumer loans",
        "DAYS_DECISION": -500.0,
        "AMT_APPLICATION": 900.0,
        "AMT_CREDIT": 1000.0,
        "AMT_ANNUITY": 110.0,
        "CNT_PAYMENT": 10.0,
        "RATE_DOWN_PAYMENT": 0.1,
        "DAYS_LAST_DUE_1ST_VERSION": -200.0,
        "DAYS_TERMINATION": -260.0,
        "DAYS_FIRST_DRAWING": 365243.0,
        "NAME_YIELD_GROUP": "high",
        "CODE_REJECT_REASON": "XAP",
        "PRODUCT_COMBINATION": "POS mobile with interest",
    },
    {
        "NAME_CONTRACT_STATUS": "Approved",
        "NAME_CONTRACT_TYPE": "Revolving loans",
        "DAYS_DECISION": -80.0,
        "AMT_APPLICATION": 0.0,
        "AMT_CREDIT": 0.0,
        "AMT_ANNUITY": 90.0,
        "CNT_PAYMENT": 0.0,
        "DAYS_LAST_DUE_1ST_VERSION": 365243.0,
        "DAYS_TERMINATION": 365243.0,
        "DAYS_FIRST_DRAWING": -60.0,
        "NAME_YIELD_GROUP": "XNA",
        "CODE_REJECT_REASON": "XAP",
        "PRODUCT_COMBINATION": "Card Street",
    },
    {
        "NAME_CONTRACT_STATUS": "Refused",
        "NAME_CONTRACT_TYPE": "Cash loans",
        "DAYS_DECISION": -200.0,
        "AMT_APPLICATION": 600.0,
        "AMT_CREDIT": 800.0,
        "CODE_REJECT_REASON": "SCOFR",
        "NAME_YIELD_GROUP": "low_action",
        "PRODUCT_COMBINATION": "Cash",
    },
    {"NAME_CONTRACT_STATUS": "Canceled", "DAYS_DECISION": -900.0, "AMT_APPLICATION": 0.0, "AMT_CREDIT": 0.0},
]


@pytest.fixture(scope="module")
def row(raw_table, rows_of):
    rows = [{"SK_ID_CURR": 1, **application} for application in APPLICATIONS]
    (only,) = rows_of(features(raw_table("previous_application", *rows)))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PREVIOUS_COUNT", 4.0),
        ("PREVIOUS_REFUSED_COUNT", 1.0),
        ("PREVIOUS_REJECT_SCORE_COUNT", 1.0),
        ("PREVIOUS_REJECT_POLICY_COUNT", 0.0),
        ("PREVIOUS_LAST365D_REFUSED_COUNT", 1.0),
        ("PREVIOUS_LAST90D_COUNT", 1.0),
        ("PREVIOUS_APPROVED_SHARE", 0.5),
        ("PREVIOUS_CANCELED_SHARE", 0.25),
        ("PREVIOUS_REVOLVING_SHARE", 0.25),
        ("PREVIOUS_YIELD_HIGH_SHARE", 0.25),
        ("PREVIOUS_YIELD_LOW_SHARE", 0.25),
        ("PREVIOUS_PRODUCT_COMBINATION_DISTINCT", 3.0),
        ("PREVIOUS_DAYS_DECISION_MEAN", -420.0),
        ("PREVIOUS_REFUSED_DAYS_DECISION_MAX", -200.0),
        ("PREVIOUS_AMT_APPLICATION_MEAN", 375.0),
        ("PREVIOUS_APPROVED_AMT_CREDIT_MAX", 1000.0),
        ("PREVIOUS_APPROVED_AMT_ANNUITY_MEAN", 100.0),
        # Nothing granted: nothing to divide by.
        ("PREVIOUS_AMT_APPLICATION_TO_AMT_CREDIT_MEAN", 0.825),
        ("PREVIOUS_APPROVED_REPAID_TO_GRANTED_MEAN", 1.1),
        ("PREVIOUS_CONSUMER_RATE_DOWN_PAYMENT_MEAN", 0.1),
        ("PREVIOUS_APPROVED_CNT_PAYMENT_MEAN", 5.0),
        # 365243 stands for "not yet".
        ("PREVIOUS_DAYS_FIRST_DRAWING_MAX", -60.0),
        ("PREVIOUS_APPROVED_DAYS_LAST_DUE_1ST_VERSION_MAX", -200.0),
        ("PREVIOUS_DAYS_TERMINATION_MAX", -260.0),
        ("PREVIOUS_DAYS_EARLY_MEAN", 60.0),
    ],
)
def test_earlier_applications_give_the_value_computed_by_hand(row, name, expected):
    assert row[name] == pytest.approx(expected)
