"""How time is taken: the best of several repetitions, sides in turn, so that a busy moment hits both."""

from collections.abc import Callable, Mapping
from time import perf_counter

REPETITIONS = 5


def best_of(sides: Mapping[str, Callable[[], object]], repetitions: int = REPETITIONS) -> dict[str, float]:
    """Least seconds of each side. The least is what the code needs; the rest is what else ran."""
    seconds = dict.fromkeys(sides, float("inf"))
    for _ in range(repetitions):
        for name, work in sides.items():
            started = perf_counter()
            work()
            seconds[name] = min(seconds[name], perf_counter() - started)
    return seconds


def report(seconds: Mapping[str, float], ours: str) -> None:
    """Each side's seconds, and how many times ours it took."""
    for name, value in seconds.items():
        print(f"{name:<44} {value:8.3f} s   {value / seconds[ours]:6.2f} x")
