import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features.across import across
from credit_risk.features.terms import column
from credit_risk.features.units import COUNT, FLAG, SCORE

SCORES = tuple(column(f"S{i}", SCORE, f"score {i}") for i in (1, 2, 3))


def columns(*rows):
    return {f"S{i + 1}": [row[i] for row in rows] for i in range(3)}


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("MEAN", [0.5, 0.3, 0.8, None]),
        ("SUM", [1.5, 0.6, 0.8, None]),
        ("MIN", [0.2, 0.2, 0.8, None]),
        ("MAX", [0.9, 0.4, 0.8, None]),
        ("PRODUCT", [0.072, None, None, None]),
        ("STD", [0.3605551275, 0.1414213562, None, None]),
        ("PRESENT", [3.0, 2.0, 1.0, 0.0]),
    ],
)
def test_a_statistic_is_over_the_columns_present(value_of, statistic, expected):
    rows = [(0.2, 0.4, 0.9), (0.2, 0.4, None), (None, None, 0.8), (None, None, None)]
    values = value_of(across("SCORE", statistic, SCORES, "scores"), columns(*rows))
    assert values == [pytest.approx(value) if value is not None else None for value in expected]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=20))
def test_the_spread_is_that_of_the_textbook(value_of, rows):
    spread = value_of(across("SCORE", "STD", SCORES, "scores"), columns(*rows))
    assert spread == pytest.approx([statistics.stdev(row) for row in rows], abs=1e-12)


def test_flags_add_up_to_a_count():
    flags = (column("F1", FLAG, "one"), column("F2", FLAG, "two"))
    assert across("FLAGS", "SUM", flags, "flags").unit == COUNT


def test_a_name_is_group_and_statistic():
    assert across("EXT_SOURCE", "MEAN", SCORES, "scores").name == "EXT_SOURCE_MEAN"
