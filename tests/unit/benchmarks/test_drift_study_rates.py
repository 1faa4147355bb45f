import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from benchmarks.drift_study_rates import Cell, Rate, Tally, load, save, summed

CELL = Cell("correlated", 50, 5_000, "clean", 0.0, "none", "corrected")


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(counts):
    hits, trials = counts
    rate = Rate.of(hits, trials)
    expected = binomtest(hits, trials).proportion_ci(method="wilson")
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert rate.share == hits / trials


def test_nothing_tried_tells_nothing():
    rate = Rate.of(0, 0)
    assert math.isnan(rate.share)
    assert str(rate) == "-"
    assert (rate.low, rate.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "trials", "said"),
    [
        (0, 1_000, "0 [0, 0.4]"),
        (5, 1_000, "0.5 [0.2, 1.2]"),
        (500, 1_000, "50 [47, 53]"),
        (1_000, 1_000, "100 [99.6, 100]"),
        (99_999, 100_000, "99.9 [99.9, 99.9]"),
    ],
)
def test_a_rate_is_said_in_percent_and_never_rounded_to_a_certainty(hits, trials, said):
    assert str(Rate.of(hits, trials)) == said


def test_counts_add_up_cell_by_cell():
    other = Cell("correlated", 50, 5_000, "clean", 0.0, "none", "classic")
    total = summed([{CELL: Tally(windows=1, alerts=1)}, {CELL: Tally(windows=2, largest=0.5), other: Tally(windows=3)}])
    assert total == {CELL: Tally(windows=3, alerts=1, largest=0.5), other: Tally(windows=3)}


def test_figures_are_read_back_as_they_were_kept(tmp_path):
    figures = {CELL: Tally(windows=7, touched=1, largest=0.1 + 0.2)}
    save(tmp_path / "kept" / "figures.json", figures)
    assert load(tmp_path / "kept" / "figures.json") == figures
