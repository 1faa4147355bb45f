"""Made-up features with the distributions and missing shares of the published tables, drawn fast.

Here: the 419 numbers that the drift benchmarks compare. Features are drawn one by one: what a
comparison costs does not depend on how they hang together. Keep out: portfolios with histories
(`simulation`), and windows with a known shift (`drift_study_population`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.profile import ColumnProfile, Profile, load_profile

Floats = NDArray[np.float64]

N_FEATURES = 419
APPLICATION = "application_train"
# Those that have a share of clients with history; bureau_balance hangs on bureau.
HISTORIES = ("bureau", "previous_application", "POS_CASH_balance", "installments_payments", "credit_card_balance")
NO_FEATURES = ("SK_ID_CURR", "SK_ID_PREV", "SK_ID_BUREAU", "TARGET")
# A client's rows of a history, as one number.
AGGREGATES: Mapping[str, Callable[[Floats], Floats]] = {
    "MEAN": lambda rows: rows.mean(axis=0),
    "MAX": lambda rows: rows.max(axis=0),
    "MIN": lambda rows: rows.min(axis=0),
    "SUM": lambda rows: rows.sum(axis=0),
    "LAST": lambda rows: rows[-1],
    "STD": lambda rows: rows.std(axis=0),
}
ROWS_OF_A_CLIENT = 2


@dataclass(frozen=True)
class MadeFeature:
    """A feature to draw.

    Attributes:
        name: column of the frame.
        column: the published column that it looks like.
        present: share of clients that have a value.
        aggregate: of a client's rows; None for a column of the application itself.
    """

    name: str
    column: ColumnProfile
    present: float
    aggregate: str | None

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """Values of n clients, NaN for those without one."""
        if self.aggregate is None:
            values = self.column.quantile(rng.random(n))
        else:
            rows = self.column.quantile(rng.random((ROWS_OF_A_CLIENT, n)))
            values = AGGREGATES[self.aggregate](rows)
        values = np.array(values, dtype=np.float64)
        values[rng.random(n) >= self.present] = np.nan
        return values


def made_features(n_features: int = N_FEATURES) -> list[MadeFeature]:
    """The numbers of the application, then aggregates of the histories, up to so many."""
    made = [feature for feature, _ in zip(_all_features(load_profile()), range(n_features), strict=False)]
    if len(made) < n_features:
        raise ValueError(f"found {len(made)} features to make; expected {n_features}; add an aggregate")
    return made


def sample(features: list[MadeFeature], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """So many clients, one column a feature."""
    return pd.DataFrame({feature.name: feature.draw(n, rng) for feature in features})


def _all_features(profile: Profile) -> Iterator[MadeFeature]:
    for column in _numbers(profile, APPLICATION):
        yield MadeFeature(column.name, column, 1.0 - column.missing, None)
    for aggregate in AGGREGATES:
        for table in HISTORIES:
            covered = profile[table].share_with_history
            for column in _numbers(profile, table):
                name = f"{table.upper()}_{column.name}_{aggregate}"
                yield MadeFeature(name, column, covered * (1.0 - column.missing), aggregate)


def _numbers(profile: Profile, table: str) -> Iterator[ColumnProfile]:
    for column in profile[table].columns.values():
        if column.kind != "string" and column.name not in NO_FEATURES:
            yield column
