"""Work divided among threads comes back whole and in order."""

import threading

import pytest

from credit_risk.two_sample.threads import in_threads


@pytest.mark.parametrize("threads", [1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(threads):
    assert in_threads(lambda number: number * 10, list(range(11)), threads) == list(range(0, 110, 10))


def test_no_items_are_no_error():
    assert in_threads(abs, [], 2) == []


def test_the_items_are_shared_by_so_many_threads():
    together = threading.Barrier(2, timeout=20)
    # Passes only when both wait at once.
    assert sorted(in_threads(lambda _: together.wait(), [0, 1], 2)) == [0, 1]


def test_an_error_in_a_thread_is_raised():
    with pytest.raises(ZeroDivisionError, match="zero"):
        in_threads(lambda number: 1 / number, [1, 1, 1, 0], 2)
