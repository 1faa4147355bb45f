import statistics

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features.conditions import above, last_days, one_of
from credit_risk.features.grammar import Source, aggregate, aggregates, count, distinct, grouped, of_group, share
from credit_risk.features.rendering import summarize
from credit_risk.features.terms import category, column, difference, ratio
from credit_risk.features.units import CURRENCY, DAYS

DAY = column("DAY", DAYS, "day of the loan")
DEBT = column("DEBT", CURRENCY, "debt")
STATE = category("STATE", "state")
SOURCE = Source("loans", "LOAN", "loans", dates=(DAY,))
OPEN = one_of("OPEN", STATE, ("open",), "are open")
INDEBTED = above("INDEBTED", DEBT, 0, "carry a debt")
LAST_YEAR = last_days(DAY, 365)

LOANS = [
    # client, day, debt, state
    (1, -10, 100.0, "open"),
    (1, -400, 300.0, "open"),
    (1, -500, None, "closed"),
    (2, -20, None, None),
]


@pytest.fixture
def summary_of(rows_of):
    def read(specification, loans=LOANS):
        fields = [("SK_ID_CURR", pa.int64()), ("DAY", pa.int64()), ("DEBT", pa.float64()), ("STATE", pa.string())]
        columns = [pa.array(values, kind) for values, (_, kind) in zip(zip(*loans, strict=True), fields, strict=True)]
        table = ibis.memtable(pa.Table.from_arrays(columns, schema=pa.schema(fields)))
        rows = rows_of(summarize(table, SOURCE, [specification]))
        return {row["SK_ID_CURR"]: row[specification.name] for row in rows}

    return read


@pytest.mark.parametrize(
    ("specification", "of_first", "of_second"),
    [
        (aggregate(SOURCE, DEBT, "MEAN"), 200.0, None),
        (aggregate(SOURCE, DEBT, "SUM"), 400.0, None),
        (aggregate(SOURCE, DEBT, "MIN"), 100.0, None),
        (aggregate(SOURCE, DEBT, "MAX"), 300.0, None),
        (aggregate(SOURCE, DEBT, "STD"), 141.4213562373095, None),
        (aggregate(SOURCE, DEBT, "VAR"), 20_000.0, None),
        (aggregate(SOURCE, DEBT, "LATEST"), 100.0, None),
        (aggregate(SOURCE, DEBT, "FIRST"), 300.0, None),
        (aggregate(SOURCE, DEBT, "TREND"), -200.0 / 390 * 365.2425, None),
        (aggregate(SOURCE, DEBT, "SUM", LAST_YEAR), 100.0, None),
        (aggregate(SOURCE, DEBT, "STD", LAST_YEAR), None, None),
        (aggregate(SOURCE, DAY, "MAX", OPEN, INDEBTED), -10.0, None),
        (count(SOURCE), 3.0, 1.0),
        (count(SOURCE, OPEN), 2.0, 0.0),
        (count(SOURCE, OPEN, LAST_YEAR), 1.0, 0.0),
        (share(SOURCE, OPEN), 2 / 3, 0.0),
        (share(SOURCE, LAST_YEAR, among=(OPEN,)), 0.5, None),
        (distinct(SOURCE, STATE), 2.0, 0.0),
        (distinct(SOURCE, DEBT, OPEN), 2.0, 0.0),
        (ratio(aggregate(SOURCE, DEBT, "SUM", LAST_YEAR), aggregate(SOURCE, DEBT, "SUM")), 0.25, None),
        (ratio(count(SOURCE), count(SOURCE, INDEBTED)), 1.5, None),
        (difference(count(SOURCE), count(SOURCE, OPEN)), 1.0, 1.0),
    ],
    ids=lambda item: getattr(item, "name", None),
)
def test_a_summary_is_what_its_name_says(summary_of, specification, of_first, of_second):
    assert summary_of(specification) == {1: of_first, 2: of_second}


@pytest.mark.parametrize(
    ("specification", "name"),
    [
        (count(SOURCE), "LOAN_COUNT"),
        (count(SOURCE, OPEN, LAST_YEAR), "LOAN_OPEN_LAST365D_COUNT"),
        (share(SOURCE, OPEN, among=(LAST_YEAR,)), "LOAN_LAST365D_OPEN_SHARE"),
        (distinct(SOURCE, STATE), "LOAN_STATE_DISTINCT"),
        (aggregate(SOURCE, DEBT, "MEAN", OPEN), "LOAN_OPEN_DEBT_MEAN"),
        (
            ratio(aggregate(SOURCE, DEBT, "SUM", OPEN), aggregate(SOURCE, DEBT, "SUM")),
            "LOAN_OPEN_DEBT_SUM_TO_DEBT_SUM",
        ),
        (ratio(aggregate(SOURCE, DEBT, "SUM"), column("INCOME", CURRENCY, "income")), "LOAN_DEBT_SUM_TO_INCOME"),
    ],
)
def test_the_name_follows_the_grammar(specification, name):
    assert specification.name == name


def test_the_words_say_statistic_measure_and_rows():
    words = aggregate(SOURCE, DEBT, "MEAN", OPEN, LAST_YEAR).words
    assert words == "mean of debt (DEBT) over loans that are open and lie in the last 365 days"


def test_a_row_dated_after_the_application_is_left_out(summary_of):
    assert summary_of(count(SOURCE), [*LOANS, (1, 1, 5.0, "open"), (3, 2, 5.0, "open")]) == {1: 3.0, 2: 1.0}


def test_a_row_without_a_date_counts(summary_of):
    assert summary_of(count(SOURCE), [(1, None, 5.0, "open")]) == {1: 1.0}


def test_equal_values_have_no_spread(summary_of):
    assert summary_of(aggregate(SOURCE, DEBT, "STD"), [(1, -1, 0.1, "open")] * 7) == {1: 0.0}


def test_of_several_rows_of_the_latest_day_the_largest_value_is_taken(summary_of):
    loans = [(1, -10, 5.0, "open"), (1, -10, 7.0, "open"), (1, -10, 6.0, "open"), (1, -11, 9.0, "open")]
    assert summary_of(aggregate(SOURCE, DEBT, "LATEST"), loans) == {1: 7.0}


def test_a_negative_value_can_be_the_latest(summary_of):
    loans = [(1, -10, -5.125, "open"), (1, -20, 7.0, "open")]
    assert summary_of(aggregate(SOURCE, DEBT, "LATEST"), loans) == {1: -5.125}


def test_a_value_too_large_to_be_dated_is_missing(summary_of):
    assert summary_of(aggregate(SOURCE, DEBT, "LATEST"), [(1, -10, 2e10, "open")]) == {1: None}


@pytest.mark.parametrize("statistic", ["LATEST", "FIRST", "TREND"])
def test_a_row_without_a_date_has_no_place_in_time(summary_of, statistic):
    loans = [(1, None, 900.0, "open"), (1, -10, 5.0, "open"), (1, -20, 5.0, "open")]
    assert summary_of(aggregate(SOURCE, DEBT, statistic), loans)[1] == (0.0 if statistic == "TREND" else 5.0)


def test_rows_of_one_day_have_no_trend(summary_of):
    assert summary_of(aggregate(SOURCE, DEBT, "TREND"), [(1, -10, 5.0, "open"), (1, -10, 7.0, "open")]) == {1: None}


MONTH_GROUPS = grouped(SOURCE, "KINDS", "kinds of loans", STATE)
DEBT_OF_KIND = of_group(aggregate(SOURCE, DEBT, "SUM"))
HEAVY = above("HEAVY", DEBT_OF_KIND, 200, "owe over 200")


@pytest.mark.parametrize(
    ("specification", "of_first", "of_second"),
    [
        (aggregate(MONTH_GROUPS, DEBT_OF_KIND, "MAX"), 400.0, None),
        (count(MONTH_GROUPS), 2.0, 1.0),
        (count(MONTH_GROUPS, HEAVY), 1.0, 0.0),
        (ratio(aggregate(MONTH_GROUPS, DEBT_OF_KIND, "MAX"), aggregate(SOURCE, DEBT, "MAX")), 400 / 300, None),
    ],
    ids=lambda item: getattr(item, "name", None),
)
def test_a_summary_of_groups_reads_a_summary_of_each_group(summary_of, specification, of_first, of_second):
    assert summary_of(specification) == {1: of_first, 2: of_second}


def test_a_summary_of_groups_says_what_it_reads():
    specification = aggregate(MONTH_GROUPS, DEBT_OF_KIND, "MAX", HEAVY)
    assert specification.name == "KINDS_HEAVY_DEBT_SUM_MAX"
    assert specification.words == (
        "maximum of each one's sum of debt (DEBT) over all loans over kinds of loans that owe over 200"
    )


def test_aggregates_are_one_for_each_statistic():
    names = [item.name for item in aggregates(SOURCE, DEBT, ("MIN", "MAX"), OPEN)]
    assert names == ["LOAN_OPEN_DEBT_MIN", "LOAN_OPEN_DEBT_MAX"]


@pytest.fixture(scope="module")
def debt_statistics(engine):
    specifications = aggregates(SOURCE, DEBT, ("SUM", "MEAN", "STD", "VAR"))
    read = [item.name for item in specifications]

    def compute(debts):
        size = len(debts)
        columns = {"SK_ID_CURR": [1] * size, "DAY": [-1] * size, "DEBT": debts, "STATE": ["open"] * size}
        table = ibis.memtable(pa.table(columns))
        (row,) = engine.to_pyarrow(summarize(table, SOURCE, specifications)).to_pylist()
        return [row[name] for name in read]

    return compute


amounts = st.decimals(-1_000_000, 1_000_000, places=3).map(float)


@settings(max_examples=12, deadline=None)
@given(st.lists(amounts, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_no_order_of_rows_moves_a_bit(debt_statistics, debts, random):
    shuffled = random.sample(debts, len(debts))
    assert debt_statistics(shuffled) == debt_statistics(debts)


@settings(max_examples=12, deadline=None)
@given(st.lists(amounts, min_size=2, max_size=30))
def test_statistics_are_those_of_the_textbook(debt_statistics, debts):
    total, mean, spread, variance = debt_statistics(debts)
    assert total == pytest.approx(sum(debts), abs=1e-6)
    assert mean == pytest.approx(statistics.fmean(debts), abs=1e-6)
    # Squares are summed on the coarser grid of whole currency units.
    assert spread == pytest.approx(statistics.stdev(debts), abs=1.0)
    assert variance == pytest.approx(spread**2)
