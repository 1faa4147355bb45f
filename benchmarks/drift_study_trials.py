"""The windows of the drift study: which are drawn, and what the rules say of them.

Here: the kinds of windows, batches of them for one process, and the verdicts of the real rule code as counts. Keep
out: where samples come from (`drift_study_population`), and what the counts mean (`drift_study_page`).

Every window has a reference of its own. With one for all, the accidents of that one sample would be in every window,
and the windows would not be independent trials.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from benchmarks.drift_study_population import (
    CATEGORIES,
    FEATURES,
    PRESENT_FAMILY,
    SPARSE_FAMILY,
    Columns,
    Dependence,
    Population,
    Shift,
    population,
)
from benchmarks.drift_study_rates import Cell, Figures, Tally, summed
from benchmarks.drift_study_verdicts import ALTERNATIVES, STRICT_LEVEL, USUAL_LEVEL, Comparison
from credit_risk.domain_classifier import tell_apart
from credit_risk.drift import RULES, DriftRule, PreparedReference

SIZES = (50, 400, 5_000, 100_000)
DEPENDENCES: tuple[Dependence, ...] = ("correlated", "independent")
JUDGES = tuple(RULES)
# The multivariate check, as the figures name it.
CLASSIFIER = "classifier"

# As many rows as the platform keeps of the training population; and all labelled applications, for whom that seems few.
REFERENCE, WHOLE_REFERENCE = 5_000, 307_511

# Clean windows have this many trials a cell, as was promised; the others fewer, the larger the window the fewer: a rate
# in the middle is known to 3 or 4 percentage points, and large windows are seen always or never.
WINDOWS = 1_000
SHARE_OF_WINDOWS = {50: 0.4, 400: 0.4, 5_000: 0.2, 100_000: 0.03}
HARMLESS_SHARE = 0.1

# A move that a report must find, and a change that it must leave alone.
PROMISED_SIZE = 400
PROMISED = Shift("mean", 0.5), Shift("value", 0.5)
HARMLESS = Shift("rows", 0.03)
HARMLESS_SIZE = 100_000

SHIFTS = (
    *(Shift("mean", amount) for amount in (0.25, 0.5, 1.0)),
    *(Shift("spread", amount) for amount in (1.25, 1.5, 2.0)),
    *(Shift("missing", amount) for amount in (0.05, 0.15, 0.3)),
    *(Shift("mix", amount) for amount in (0.1, 0.2, 0.3)),
    Shift("correlation", 0.0),
)

# What only a look at all features together can see, and what both can. The multivariate check takes 5,000 rows of a
# larger window: beyond that nothing changes. It takes half a second, so that it gets fewer trials.
APART = Shift("correlation", 0.0), Shift("correlation", 0.8), Shift("mean", 0.25)
APART_SIZES = (50, 400, 5_000)
APART_SHARE, APART_MOVED_SHARE = 0.2, 0.03


@dataclass(frozen=True)
class Batch:
    """Windows of one kind for one process.

    Attributes:
        kind: of windows, a key of `KINDS`.
        dependence: of the features.
        size: predictions of a window.
        first: number of the first window, which with the seed decides all of it.
        count: windows.
        seed: of the study.
    """

    kind: str
    dependence: Dependence
    size: int
    first: int
    count: int
    seed: int


@dataclass(frozen=True)
class Trial:
    """One draw: a reference and the clients of a window."""

    people: Population
    rng: np.random.Generator
    batch: Batch

    def reference(self, rows: int = REFERENCE) -> PreparedReference:
        """A sample of the population, sorted once for all that is compared with it."""
        frame = pd.DataFrame(self.people.clean(self.people.draw(self.rng, rows)))
        return PreparedReference.of(frame, threads=1)

    def cells(self, shift: Shift | None, scope: str, rows: int = REFERENCE) -> Callable[[str], Cell]:
        """The cell of each rule."""
        kind, amount = (shift.kind, shift.amount) if shift else ("clean", 0.0)
        return lambda rule: Cell(self.batch.dependence, self.batch.size, rows, kind, amount, scope, rule)


def moving(shift: Shift, scope: str) -> tuple[str, ...]:
    """Names of the features that move."""
    if scope == "all":
        return FEATURES
    if scope == "sparse":
        return SPARSE_FAMILY
    family = CATEGORIES if shift.kind == "mix" else PRESENT_FAMILY
    return family if scope == "family" else family[:1]


def scopes(shift: Shift) -> tuple[str, ...]:
    """Which families are moved by a shift: a number has no mix of categories; one promise is about half-empty ones."""
    if shift.kind == "mix":
        return ("one", "family")
    return ("one", "family", "all", *(("sparse",) if shift == PROMISED[0] else ()))


def clean(trial: Trial) -> Iterator[Figures]:
    """A window of the reference's own population; at the promised size, the promised moves of it as well."""
    people, rng = trial.people, trial.rng
    reference, clients = trial.reference(), people.draw(rng, trial.batch.size)
    promised = PROMISED if trial.batch.size == PROMISED_SIZE else ()
    columns = {"": people.clean(clients)}
    columns |= {str(shift): people.moved(clients, shift, PRESENT_FAMILY, rng) for shift in promised}
    comparison, rules = Comparison(reference, columns), compared_rules(trial.batch)
    yield named(trial.cells(None, "none"), comparison.tallies("", (), rules))
    for shift in promised:
        yield named(trial.cells(shift, "promised"), comparison.tallies(str(shift), PRESENT_FAMILY, rules))


def power(trial: Trial) -> Iterator[Figures]:
    """One window under every shift, in one feature, in twelve and in all of them."""
    people, rng = trial.people, trial.rng
    reference, clients = trial.reference(), people.draw(rng, trial.batch.size)
    shifts = shown(trial.batch.dependence)
    columns = {"": people.clean(clients)}
    for shift in shifts:
        names = dict.fromkeys(name for scope in scopes(shift) for name in moving(shift, scope))
        columns[str(shift)] = people.moved(clients, shift, list(names), rng)
    comparison = Comparison(reference, columns)
    for shift in shifts:
        for scope in scopes(shift):
            yield named(trial.cells(shift, scope), comparison.tallies(str(shift), moving(shift, scope), RULES))


def harmless(trial: Trial) -> Iterator[Figures]:
    """A window of which a few rows come from elsewhere, before a usual reference and before a very large one."""
    people, rng = trial.people, trial.rng
    columns = people.moved(people.draw(rng, trial.batch.size), HARMLESS, FEATURES, rng)
    for rows in (REFERENCE, WHOLE_REFERENCE):
        comparison = Comparison(trial.reference(rows), {"": columns})
        tallies = comparison.tallies("", FEATURES, compared_rules(trial.batch))
        yield named(trial.cells(HARMLESS, "all", rows), tallies)


def compared_rules(batch: Batch) -> Mapping[str, DriftRule]:
    """The rules, and on the harder population what the default could be instead."""
    return {**RULES, **ALTERNATIVES} if batch.dependence == "correlated" else RULES


def named(cell: Callable[[str], Cell], tallies: Mapping[str, Tally]) -> Figures:
    """The counts of each rule, by cell."""
    return {cell(rule): tally for rule, tally in tallies.items()}


def shown(dependence: Dependence) -> list[Shift]:
    """The shifts that a population can show: without correlation none can go."""
    return [shift for shift in SHIFTS if shift.kind != "correlation" or dependence == "correlated"]


def apart(trial: Trial) -> Iterator[Figures]:
    """A clean window before the multivariate check."""
    people, rng = trial.people, trial.rng
    yield told_apart(trial, people.clean(people.draw(rng, trial.batch.size)), None, "none")


def apart_moved(trial: Trial) -> Iterator[Figures]:
    """Windows of which correlation or the mean has moved, before the multivariate check."""
    people, rng = trial.people, trial.rng
    for shift in APART:
        for scope in ("one", "family", "all"):
            clients = people.draw(rng, trial.batch.size)
            moved = people.moved(clients, shift, moving(shift, scope), rng)
            yield told_apart(trial, people.clean(clients) | moved, shift, scope)


def told_apart(trial: Trial, columns: Columns, shift: Shift | None, scope: str) -> Figures:
    """Whether a window is told from a reference, at 0.05 (`touched`) and at 0.01 (`alerts`); `largest` is the AUC."""
    reference = pd.DataFrame(trial.people.clean(trial.people.draw(trial.rng, REFERENCE)))
    separation = tell_apart(reference, pd.DataFrame(columns), features=FEATURES, rng=trial.rng)
    tally = Tally(
        windows=1,
        touched=int(separation.p_value < USUAL_LEVEL),
        alerts=int(separation.p_value < STRICT_LEVEL),
        largest=separation.auc,
    )
    return named(trial.cells(shift, scope), {CLASSIFIER: tally})


KINDS: Mapping[str, Callable[[Trial], Iterator[Figures]]] = {
    "clean": clean,
    "power": power,
    "harmless": harmless,
    "apart": apart,
    "apart_moved": apart_moved,
}


def run(batch: Batch) -> Figures:
    """Draw and judge the windows of a batch. The same batch gives the same counts, in any process."""
    people = population(batch.dependence, batch.seed)
    code = (list(KINDS).index(batch.kind), DEPENDENCES.index(batch.dependence), batch.size)
    parts: list[Figures] = []
    for number in range(batch.first, batch.first + batch.count):
        trial = Trial(people, np.random.default_rng([batch.seed, *code, number]), batch)
        parts.extend(KINDS[batch.kind](trial))
    return summed(parts)


def batches(windows: int, seed: int) -> list[Batch]:
    """All windows of a study of so many clean ones a cell, the long batches first."""
    wanted: list[tuple[str, Dependence, int, int]] = [
        ("clean", dependence, size, windows) for dependence in DEPENDENCES for size in SIZES
    ]
    wanted += [
        ("power", dependence, size, ceil(windows * SHARE_OF_WINDOWS[size]))
        for dependence in DEPENDENCES
        for size in SIZES
    ]
    wanted += [("harmless", dependence, HARMLESS_SIZE, ceil(windows * HARMLESS_SHARE)) for dependence in DEPENDENCES]
    wanted += [("apart", "correlated", size, ceil(windows * APART_SHARE)) for size in APART_SIZES]
    wanted += [("apart_moved", "correlated", size, ceil(windows * APART_MOVED_SHARE)) for size in APART_SIZES]
    planned = [
        Batch(kind, dependence, size, first, min(of_batch(kind, size), count - first), seed)
        for kind, dependence, size, count in wanted
        for first in range(0, count, of_batch(kind, size))
    ]
    return sorted(planned, key=lambda batch: -batch.size)


def of_batch(kind: str, size: int) -> int:
    """Windows in a batch: some seconds of work, so that a bar moves and both processes end together."""
    usual = {"clean": 50, "power": 4, "harmless": 5, "apart": 10, "apart_moved": 1}[kind]
    return min(usual, {"power": 1}.get(kind, 5)) if size == max(SIZES) else usual


def effort(batch: Batch) -> float:
    """How long a batch takes, roughly, in reports of a small window."""
    reports = float(sum(len(scopes(shift)) for shift in SHIFTS))
    each = {"clean": 2.0, "power": reports, "harmless": 4.0, "apart": 25.0, "apart_moved": 225.0}[batch.kind]
    # Beyond ten thousand rows the rows take the time; before that, what a report costs anyway.
    return batch.count * each * max(batch.size / 10_000, 1.0)
