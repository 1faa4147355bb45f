import pytest

from credit_risk.gate.latency import MAX_RATIO, SMALLEST_MS, Latency, judge_latency


def test_the_fastest_pass_counts():
    latency = Latency.of_repeats([0.032, 0.016, 0.5], [0.008, 0.064], rows=32)
    assert (latency.challenger_ms, latency.champion_ms) == (0.5, 0.25)


@pytest.mark.parametrize(("times", "outcome"), [(MAX_RATIO, "passed"), (MAX_RATIO * 1.01, "failed")])
def test_the_ratio_decides(times, outcome):
    assert judge_latency(Latency(2.0 * times, 2.0)).outcome == outcome


def test_a_ratio_of_times_that_nobody_notices_does_not_count():
    criterion = judge_latency(Latency(challenger_ms=0.2, champion_ms=0.02))
    assert criterion.outcome == "passed"
    assert criterion.limit == MAX_RATIO * SMALLEST_MS


@pytest.mark.parametrize("latency", [None, Latency(2.0, None)])
def test_without_two_times_nothing_is_judged(latency):
    assert judge_latency(latency).outcome == "not judged"
