import ibis
import pyarrow as pa

from credit_risk.features.conditions import above, at_least, last_days, last_months, one_of
from credit_risk.features.terms import category, column
from credit_risk.features.units import DAYS, MONTHS

DAY = column("DAY", DAYS, "day")
MONTH = column("MONTH", MONTHS, "month")
STATE = category("STATE", "state")


def holding(rows_of, item, values):
    table = ibis.memtable(pa.table({item.term.name: values}))
    return [row["holds"] for row in rows_of(table.select(holds=item.holds(table)))]


def test_above_leaves_the_limit_out(rows_of):
    assert holding(rows_of, above("LATE", DAY, 0, "are late"), [0.0, 0.1, None]) == [False, True, None]


def test_at_least_takes_the_limit_in(rows_of):
    assert holding(rows_of, at_least("OLD", DAY, 1, "are old"), [1.0, 0.9]) == [True, False]


def test_twelve_months_are_minus_twelve_to_minus_one(rows_of):
    assert holding(rows_of, last_months(MONTH, 12), [-13.0, -12.0, -1.0]) == [False, True, True]


def test_a_window_of_days_is_named_by_its_length(rows_of):
    window = last_days(DAY, 90)
    assert window.name == "LAST90D"
    assert holding(rows_of, window, [-91.0, -90.0]) == [False, True]


def test_a_missing_state_is_none_of_the_levels(rows_of):
    assert holding(rows_of, one_of("OPEN", STATE, ("A", "B"), "are open"), ["A", "C", None]) == [True, False, None]
