import pytest

from credit_risk.features.bureau_balance import features


def months(credit, statuses):
    """Months of a credit, from the last backwards."""
    return [
        {"SK_ID_BUREAU": credit, "MONTHS_BALANCE": -float(age), "STATUS": status} for age, status in enumerate(statuses)
    ]


@pytest.fixture(scope="module")
def rows(raw_table, rows_of):
    owners = [{"SK_ID_CURR": 1, "SK_ID_BUREAU": 10}, {"SK_ID_CURR": 1, "SK_ID_BUREAU": 11}]
    # Credit 99 is nobody's.
    states = [*months(10, "CC01X"), *months(11, "0" * 14 + "3"), *months(99, "555")]
    return rows_of(features(raw_table("bureau_balance", *states), raw_table("bureau", *owners)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BUREAU_MONTHS_COUNT", 20.0),
        ("BUREAU_MONTHS_LATE_SHARE", 0.1),
        ("BUREAU_MONTHS_SERIOUS_COUNT", 1.0),
        ("BUREAU_MONTHS_LAST12M_LATE_SHARE", 1 / 18),
        ("BUREAU_MONTHS_CLOSED_SHARE", 0.1),
        ("BUREAU_MONTHS_SEVERITY_MAX", 3.0),
        ("BUREAU_MONTHS_LAST12M_SEVERITY_MAX", 1.0),
        ("BUREAU_MONTHS_SEVERITY_MEAN", 4 / 17),
        ("BUREAU_MONTHS_MONTHS_BALANCE_MIN", -14.0),
        ("BUREAU_MONTHS_LATE_MONTHS_BALANCE_MAX", -3.0),
    ],
)
def test_monthly_states_give_the_value_computed_by_hand(rows, name, expected):
    assert rows[0][name] == pytest.approx(expected)


def test_states_of_a_credit_that_nobody_holds_are_left_out(rows):
    assert [row["SK_ID_CURR"] for row in rows] == [1]
