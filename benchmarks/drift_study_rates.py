"""Rates of the drift study: what happened in how many windows, and how sure that makes us.

Here: the counts of a kind of window, their sum, and shares as people read them. Keep out: which windows are judged
(`drift_study_trials`) and how figures are shown (`drift_study_page`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from math import isnan
from pathlib import Path

from credit_risk.proportion import proportion

# Percentage points from 0 or 100 within which a tenth matters: that is where targets are.
NEAR_THE_END = 10.0


@dataclass(frozen=True)
class Cell:
    """What kind of window, judged by which rule.

    Attributes:
        dependence: of the features, "independent" or "correlated".
        size: predictions of the window.
        reference: rows of the reference.
        kind: of the shift (`drift_study_population.Shift`), or "clean".
        amount: of the shift; 0 when clean.
        scope: which features move.
        rule: of `credit_risk.drift`, or "classifier" for the multivariate check.
    """

    dependence: str
    size: int
    reference: int
    kind: str
    amount: float
    scope: str
    rule: str


@dataclass(frozen=True)
class Tally:
    """Counts over windows of one cell.

    Attributes:
        windows: that were judged.
        touched: with at least one drifted feature.
        warnings: with the status `warning` or worse.
        alerts: with the status `alert`.
        moved: features that moved, summed over the windows.
        hits: of those, the ones that were called drifted.
        significant: features with a p-value below 0.05, whatever the rule makes of it.
        largest: sum over the windows of the largest size of a change.
    """

    windows: int = 0
    touched: int = 0
    warnings: int = 0
    alerts: int = 0
    moved: int = 0
    hits: int = 0
    significant: int = 0
    largest: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


Figures = dict[Cell, Tally]


@dataclass(frozen=True)
class Rate:
    """A share of windows with its interval, all in [0, 1]."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, trials: int) -> "Rate":
        """The share of hits and its 95 % Wilson interval; trials that nobody made tell nothing."""
        estimate = proportion(hits, trials)
        return cls(estimate.value, estimate.low, estimate.high) if estimate else cls(float("nan"), 0.0, 1.0)

    def __str__(self) -> str:
        """In percent, as a table shows it; a dash where nothing was tried."""
        if isnan(self.share):
            return "-"
        return f"{_percent(self.share)} [{_percent(self.low)}, {_percent(self.high)}]"


def _percent(share: float) -> str:
    # "0" and "100" are said of exactly that.
    percent = 100.0 * share
    if percent in {0.0, 100.0}:
        return f"{percent:.0f}"
    if min(percent, 100.0 - percent) < NEAR_THE_END:
        # Never rounded to a certainty that was not seen.
        return f"{min(max(percent, 0.1), 99.9):.1f}"
    return f"{percent:.0f}"


def summed(parts: Iterable[Mapping[Cell, Tally]]) -> Figures:
    """All parts together, cell by cell."""
    total: Figures = {}
    for part in parts:
        for cell, tally in part.items():
            total[cell] = total.get(cell, Tally()) + tally
    return total


def save(path: Path, figures: Figures) -> None:
    """Keep the figures of a run, so that its page can be written again without another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"cell": asdict(cell), "tally": asdict(tally)} for cell, tally in figures.items()]
    path.write_text(json.dumps(rows), encoding="utf-8")


def load(path: Path) -> Figures:
    """The figures that `save` kept.

    Raises:
        FileNotFoundError: there are none.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {Cell(**row["cell"]): Tally(**row["tally"]) for row in rows}
