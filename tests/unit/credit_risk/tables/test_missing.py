"""Values and rows that went missing since the last accepted version: chance and tolerance are told apart from loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.tables.missing import MissingShares, lost_rows, moved_shares


def moved(before, after, *, rows=10_000, rows_after=None, read=("AMT",), units=None):
    was = MissingShares(rows, {"AMT": before})
    now = MissingShares(rows if rows_after is None else rows_after, {"AMT": after})
    return moved_shares("loans", was, now, read=read, count_units=None if units is None else lambda: units)


def test_an_unchanged_share_is_no_finding():
    assert moved(0.3, 0.3) == []


def test_a_share_within_five_points_is_tolerated_however_certain():
    assert moved(0.10, 0.149, rows=10_000_000) == []


def test_a_share_that_moved_further_is_a_warning_with_both_shares():
    (finding,) = moved(0.10, 0.20)
    assert (finding.column, finding.check, finding.n_rows, finding.blocking) == ("AMT", "missing_share", 2000, False)
    assert finding.found == "20.0 % of loans.AMT missing, 10.0 % in the last accepted version"


def test_values_that_come_back_are_a_warning():
    (finding,) = moved(0.5, 0.0)
    assert not finding.blocking


def test_a_column_that_lost_all_its_values_blocks():
    (finding,) = moved(0.1, 1.0)
    assert finding.blocking
    assert finding.found == "loans.AMT empty, of which 90.0 % had values"


def test_a_handful_of_values_left_is_as_good_as_none():
    (finding,) = moved(0.1, 0.9995)
    assert finding.blocking


def test_an_empty_column_that_no_feature_reads_is_a_warning():
    (finding,) = moved(0.1, 1.0, read=())
    assert not finding.blocking


def test_what_a_small_sample_shows_by_chance_is_no_finding():
    assert moved(0.10, 0.18, rows=100) == []


def test_rows_of_one_client_count_once():
    # 10,000 rows would be certain; they belong to 100 clients.
    assert moved(0.10, 0.18, rows=10_000, units=100) == []


def test_the_clients_are_not_counted_when_nothing_moved():
    def count():
        pytest.fail("asked for the clients")

    shares = MissingShares(1000, {"AMT": 0.5})
    assert moved_shares("loans", shares, shares, read=(), count_units=count) == []


def test_columns_of_one_version_alone_are_not_compared():
    before, after = MissingShares(1000, {"OLD": 0.0}), MissingShares(1000, {"NEW": 1.0})
    assert moved_shares("loans", before, after, read=("NEW",)) == []


def test_a_table_without_rows_has_no_shares():
    assert moved(0.0, 1.0, rows_after=0) == []


@given(
    n=st.integers(30, 5_000),
    share=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_two_samples_of_one_population_do_not_differ(n, share, seed):
    import numpy as np

    first, second = (float(np.mean(draw < share)) for draw in np.random.default_rng(seed).random((2, n)))
    assert moved(first, second, rows=n) == []


@given(before=st.floats(0, 1), after=st.floats(0, 1), rows=st.integers(1, 10**8))
def test_a_change_is_a_change_in_both_directions(before, after, rows):
    assert len(moved(before, after, rows=rows)) == len(moved(after, before, rows=rows))


@pytest.mark.parametrize("after", [1000, 1001, 5000, 990])
def test_histories_may_grow_and_be_corrected(after):
    assert lost_rows("loans", 1000, after) == []


@pytest.mark.parametrize(("after", "blocking"), [(980, False), (900, False), (899, True), (0, True)])
def test_lost_rows_warn_and_a_tenth_of_them_blocks(after, blocking):
    (finding,) = lost_rows("loans", 1000, after)
    assert (finding.check, finding.n_rows, finding.blocking) == ("lost_rows", 1000 - after, blocking)
    assert "fewer than the 1,000 accepted before" in finding.found
    assert ("credit/accept_changes" in finding.remedy) is blocking
