"""The verdicts of the drift study: many windows that differ in some features, judged by the platform's own rules.

Here: one comparison for all variants of a window, and what each rule makes of each variant, as counts. Keep out: which
variants there are (`drift_study_trials`), and the tests and rules themselves (`credit_risk`).

A report tests each feature by itself and then judges the tests together. Variants of one window share most of their
features, and all tests of a call share the price of exact p-values: so every column is tested once, in one call, and
the verdicts are made from the 30 tests of each variant. A test holds them to those of `compute_drift_report`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.drift_study_population import FEATURES, Columns
from benchmarks.drift_study_rates import Tally
from credit_risk.drift import RULES, DriftRule, PreparedReference, window_status
from credit_risk.drift_rules import JudgedTests
from credit_risk.two_sample.frames import compare_frames

# The level of those who look at p-values alone.
USUAL_LEVEL = 0.05
# And of those who look at many.
STRICT_LEVEL = 0.01

DEFAULT = RULES["corrected"]

# What the default could be instead.
ALPHAS, MIN_SIZES = (0.05, 0.01, 0.001), (0.0, 0.05, 0.1, 0.15)
ALTERNATIVES: Mapping[str, DriftRule] = {
    f"{alpha:g}/{min_size:g}": replace(DEFAULT, name=f"{alpha:g}/{min_size:g}", alpha=alpha, min_size=min_size)
    for alpha, min_size in product(ALPHAS, MIN_SIZES)
}

# A column of a window: the feature, and which shift it shows ("" for none).
Column = tuple[str, str]


class Comparison:
    """A reference and all variants of a window, tested column by column.

    Args:
        reference: prepared once.
        columns: by shift, the features that show it; "" must hold all features, as they are.
    """

    def __init__(self, reference: PreparedReference, columns: Mapping[str, Columns]) -> None:
        shown: dict[Column, object] = {
            (name, shift): column for shift, part in columns.items() for name, column in part.items()
        }
        aliases = {f"{name} {shift}": name for name, shift in shown}
        frame = pd.DataFrame(dict(zip(aliases, shown.values(), strict=True)))
        self._n_predictions = len(frame)
        self._place = {column: row for row, column in enumerate(shown)}
        self._tests = compare_frames(_aliased(reference, aliases), frame, list(aliases), threads=1)

    def tests(self, shift: str, moved: Iterable[str]) -> pd.DataFrame:
        """The tests of the variant in which some features show a shift, in the order of the features."""
        of_shift = set(moved)
        rows = [self._place[name, shift if name in of_shift else ""] for name in FEATURES]
        return self._tests.iloc[rows]

    def tallies(self, shift: str, moved: tuple[str, ...], rules: Mapping[str, DriftRule]) -> dict[str, Tally]:
        """One variant's counts, by rule."""
        tests = self.tests(shift, moved)
        p_values, sizes = (tests[[f"value_{what}", f"missing_{what}"]].to_numpy() for what in ("p", "size"))
        significant = int((p_values < USUAL_LEVEL).any(axis=1).sum())
        largest = float(np.nanmax(sizes))
        is_moved = np.isin(FEATURES, moved)
        return {
            name: self._tally(JudgedTests(tests, rule), is_moved, significant, largest) for name, rule in rules.items()
        }

    def _tally(self, judged: JudgedTests, moved: np.ndarray, significant: int, largest: float) -> Tally:
        n_drifted = int(judged.drifted.sum())
        status = window_status(n_drifted, len(FEATURES), self._n_predictions)
        return Tally(
            windows=1,
            touched=int(n_drifted > 0),
            warnings=int(status in {"warning", "alert"}),
            alerts=int(status == "alert"),
            moved=int(moved.sum()),
            hits=int(judged.drifted[moved].sum()),
            significant=significant,
            largest=largest,
        )


def _aliased(reference: PreparedReference, aliases: Mapping[str, str]) -> PreparedReference:
    """The reference with its features under other names; several may stand for the same one."""
    return replace(
        reference,
        kinds={alias: reference.kinds[name] for alias, name in aliases.items()},
        numbers={alias: reference.numbers[name] for alias, name in aliases.items() if name in reference.numbers},
        levels={alias: reference.levels[name] for alias, name in aliases.items() if name in reference.levels},
    )
