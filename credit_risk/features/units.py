"""Units: what a feature counts, and the grid on which it is summed.

Here: one constant a unit. Add one when a column counts something new. Keep out: columns.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """What a number counts, and the grid on which it is summed.

    A sum of floating-point numbers depends on their order, and so on threads and engine. A
    measure is therefore rounded to whole steps (integers) before it is summed: the sum is exact.

    Attributes:
        word: as written in descriptions.
        steps: steps to one unit; finer than the precision of the data.
        spread_steps: the coarser grid for sums of squares, which stay exact below 2**53.
    """

    word: str
    steps: int = 1
    spread_steps: int = 1


CATEGORY = Unit("category")
COUNT = Unit("count")
DAYS = Unit("days")
FLAG = Unit("0 or 1")
GRADE = Unit("grade")
HOURS = Unit("hours")
MONTHS = Unit("months")
YEARS = Unit("years")
# The files give amounts to a thousandth. A million squared, 9,000 times, is 2**53.
CURRENCY = Unit("currency", steps=1000)
# A millionth of a ratio is noise to any model; a hundred squared, 9,000 times, is 2**53 steps.
RATIO = Unit("ratio", steps=1_000_000, spread_steps=10_000)
SCORE = Unit("score", steps=1_000_000, spread_steps=10_000)
