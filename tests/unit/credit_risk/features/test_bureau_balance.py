from collections import Counter

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features.bureau_balance import GRADES, STATES, WINDOWS, features, spells


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
        ("BUREAU_MONTHS_KNOWN_SUM", 20.0),
        ("BUREAU_MONTHS_LATE_SUM", 2.0),
        ("BUREAU_MONTHS_SERIOUS_SUM", 1.0),
        ("BUREAU_MONTHS_LATE_SUM_TO_KNOWN_SUM", 0.1),
        ("BUREAU_MONTHS_PAID_SUM_TO_KNOWN_SUM", 0.75),
        ("BUREAU_MONTHS_CLOSED_SUM_TO_KNOWN_SUM", 0.1),
        ("BUREAU_MONTHS_UNKNOWN_SUM_TO_KNOWN_SUM", 0.05),
        ("BUREAU_MONTHS_LAST3M_LATE_SUM", 1.0),
        ("BUREAU_MONTHS_LAST12M_LATE_SUM", 1.0),
        ("BUREAU_MONTHS_LAST24M_LATE_SUM", 2.0),
        ("BUREAU_MONTHS_ARREARS_SUM", 4.0),
        ("BUREAU_MONTHS_LAST12M_ARREARS_SUM", 1.0),
        ("BUREAU_MONTHS_ARREARS_SUM_TO_GRADED_SUM", 4 / 17),
        ("BUREAU_MONTHS_SEVERITY_MAX", 3.0),
        ("BUREAU_MONTHS_LAST12M_SEVERITY_MAX", 1.0),
        ("BUREAU_MONTHS_FIRST_MONTH_MIN", -14.0),
        ("BUREAU_MONTHS_IN_ARREARS_MONTHS_BALANCE_MAX", -3.0),
        ("BUREAU_HISTORIES_COUNT", 2.0),
        ("BUREAU_MONTHS_LATE_SUM_TO_BUREAU_HISTORIES_COUNT", 1.0),
        ("BUREAU_HISTORIES_EVER_LATE_SHARE", 1.0),
        ("BUREAU_HISTORIES_CLOSED_SHARE", 0.5),
        ("BUREAU_HISTORIES_MONTHS_KNOWN_MEAN", 10.0),
        ("BUREAU_HISTORIES_MONTHS_KNOWN_MIN", 5.0),
        # Of the grades 1 and 3 the worst, of 0 and 0 the latest.
        ("BUREAU_HISTORIES_WORST_MEAN", 2.0),
        ("BUREAU_HISTORIES_LATEST_MEAN", 0.0),
    ],
)
def test_monthly_states_give_the_value_computed_by_hand(rows, name, expected):
    assert rows[0][name] == pytest.approx(expected)


def test_states_of_a_credit_that_nobody_holds_are_left_out(rows):
    assert [row["SK_ID_CURR"] for row in rows] == [1]


def test_a_month_after_the_application_does_not_hide_those_before(raw_table, rows_of):
    states = [{"SK_ID_BUREAU": 10, "MONTHS_BALANCE": month, "STATUS": "1"} for month in (-1.0, 0.0, 1.0)]
    owner = raw_table("bureau", {"SK_ID_CURR": 1, "SK_ID_BUREAU": 10})
    (row,) = rows_of(features(raw_table("bureau_balance", *states), owner))
    assert row["BUREAU_MONTHS_LATE_SUM"] == 2.0


def test_a_credit_of_unknown_states_only_is_not_late_and_has_no_arrears(raw_table, rows_of):
    owner = raw_table("bureau", {"SK_ID_CURR": 1, "SK_ID_BUREAU": 10})
    (row,) = rows_of(features(raw_table("bureau_balance", *months(10, "XXX")), owner))
    assert (row["BUREAU_MONTHS_LATE_SUM"], row["BUREAU_HISTORIES_EVER_LATE_SHARE"]) == (0.0, 0.0)
    assert (row["BUREAU_MONTHS_SEVERITY_MAX"], row["BUREAU_MONTHS_ARREARS_SUM"]) == (None, None)


histories = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-40, 0), st.sampled_from([*STATES, None])),
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(histories)
def test_spells_hold_each_month_once_and_split_arrears_at_the_windows(engine, history):
    columns = list(zip(*history, strict=True)) or [(), (), ()]
    arrays = [pa.array(columns[0], pa.int64()), pa.array(columns[1], pa.float64()), pa.array(columns[2], pa.string())]
    table = ibis.memtable(pa.table(arrays, ["SK_ID_BUREAU", "MONTHS_BALANCE", "STATUS"]))
    found = engine.to_pyarrow(spells(table)).to_pylist()
    held = Counter((credit, status) for credit, _, status in history)
    assert sum((Counter({(row["SK_ID_BUREAU"], row["STATUS"]): row["MONTHS"]}) for row in found), Counter()) == held
    for row in found:
        first, last = row["MONTHS_BALANCE"] - row["SPAN"], row["MONTHS_BALANCE"]
        if row["STATUS"] in GRADES[1:]:
            assert not any(first < -window <= last for window in WINDOWS)
