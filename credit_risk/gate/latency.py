"""Latency: what the challenger's answer takes longer.

Here: the limit on single-application scoring times, and how a time is taken from repeats. Add to
it when an answer contains more that depends on the model. Keep out: the clock; whoever measures
hands in the times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from credit_risk.gate.criterion import Criterion, not_judged, passed_unless

# Trainings of one recipe differ by a third in their trees, and so in their time: 1,000 trees take
# 0.1 ms for the score and some more for its reasons. Three times as long is another kind of model,
# with which a replica carries a third of the requests.
MAX_RATIO = 3.0
# Below it a ratio is the overhead of a call: 20 trees against 60 are 0.02 ms, which nobody sees.
SMALLEST_MS = 0.5


@dataclass(frozen=True)
class Latency:
    """Milliseconds to score one application and find its reasons, measured in one process, one after the other."""

    challenger_ms: float
    champion_ms: float | None

    @classmethod
    def of_repeats(cls, challenger_s: Sequence[float], champion_s: Sequence[float] | None, rows: int) -> "Latency":
        """From the seconds of repeated passes over `rows` applications.

        The fastest pass is the one that was least disturbed: a mean would judge the machine's
        other work.
        """
        each = 1e3 / rows
        return cls(min(challenger_s) * each, None if champion_s is None else min(champion_s) * each)


def judge_latency(latency: Latency | None) -> Criterion:
    """Whether scoring takes too much longer than with the champion, as a ratio."""
    if latency is None:
        return not_judged("latency", "not measured: no application to time the models on")
    new, old = latency.challenger_ms, latency.champion_ms
    if old is None:
        return not_judged("latency", f"{new:.2f} ms an application, and no champion beside it", challenger=new)
    limit = MAX_RATIO * max(old, SMALLEST_MS)
    return Criterion(
        "latency",
        passed_unless(new > limit),
        f"{new:.2f} ms an application against {old:.2f} ms, {new / old:.1f} times as long; it may be {limit:.2f} ms, "
        f"{MAX_RATIO:.0f} times the champion's (taken as at least {SMALLEST_MS} ms)",
        challenger=new,
        champion=old,
        difference=new - old,
        limit=limit,
        improves=new < old,
    )
