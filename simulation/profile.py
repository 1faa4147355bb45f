"""The profile of the real tables: columns, types, missing shares, quantiles, category shares.

Here: reading home_credit_profile.json and turning its aggregates into inverse distribution
functions. Add an accessor when a table needs one more aggregate. Keep out: how columns depend on
each other (dependence) and what a table is made of (its own module).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np

from simulation.columns import Floats, Ints, Labels, whole

# The probabilities of the nine quantiles that the profile holds for a numeric column.
PROBABILITIES = np.array([0.0, 0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99, 1.0])
MEDIAN = 4

# Points between two quantiles: enough for a curved gap, few enough for a fast look-up.
POINTS_PER_GAP = 33

# A column of at most so many distinct whole numbers is a count: it jumps between its values.
MOST_COUNTS = 100

# The exponent that bends a gap between two quantiles: 1 is a straight line; at 60 all but 2 % of
# the gap's rows stay in its lower tenth, and no column's mean needs more.
STRAIGHT, STEEPEST = 1.0, 60.0

# A first gap so many times as wide as the second one leads to an outlier: its rows stay above it.
OUTLYING, OUTLIER_EXPONENT = 5.0, 8.0


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a real table: its CSV type, missing share, and distribution."""

    name: str
    kind: str
    missing: float
    mean: float
    quantiles: Floats
    n_distinct: int
    levels: tuple[str, ...]
    shares: Floats
    target_rate: Mapping[str, float]
    never_share: float
    spearman_target: float

    def quantile(self, u: Floats) -> Floats:
        """The inverse distribution function at `u` in [0, 1], present values only."""
        return _interpolated(u, *self._knots)

    def count(self, u: Floats) -> Ints:
        """The inverse distribution function in whole numbers."""
        return whole(self.quantile(u))

    def before_never(self, u: Floats) -> Floats:
        """The same among the dates that are not 365243 ("never"): they end today, at 0."""
        dated = 1 - self.never_share
        known = dated > PROBABILITIES
        return _interpolated(u * dated, np.append(PROBABILITIES[known], dated), np.append(self.quantiles[known], 0.0))

    def share(self, *levels: str) -> float:
        """The share of `levels` among the present values."""
        return float(sum(s for level, s in zip(self.levels, self.shares, strict=True) if level in levels))

    def label(self, u: Floats, order: Sequence[str] = ()) -> Labels:
        """Categories by share: low `u` gets the first of `order`, levels left out come after it."""
        return self.label_among(u, (*order, *(level for level in self.levels if level not in order)))

    def label_among(self, u: Floats, ordered: Sequence[str]) -> Labels:
        """Categories by their share among `ordered` alone: low `u` gets the first."""
        ordered = tuple(level for level in ordered if level in self.levels)
        edges = np.cumsum([self.share(level) for level in ordered])
        codes = np.searchsorted(edges[:-1] / edges[-1], u, side="right")
        return Labels(codes.astype(np.int16), ordered)

    @cached_property
    def _knots(self) -> tuple[Floats, Floats]:
        counts = self.n_distinct <= MOST_COUNTS and bool((self.quantiles == np.rint(self.quantiles)).all())
        return (bend_counts if counts else bend_amounts)(self.quantiles, self.mean)


@dataclass(frozen=True)
class TableProfile:
    """One real table: its columns in file order, and how many rows a client or credit has."""

    name: str
    full_rows: int
    columns: Mapping[str, ColumnProfile]
    rows_per_key: Mapping[str, float]
    share_with_history: float

    def __getitem__(self, column: str) -> ColumnProfile:
        return self.columns[column]

    @property
    def header(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(self.columns)

    def rows(self, u: Floats, most: int) -> Ints:
        """Rows of one client or credit at `u`: 1 to `most`, by the quantiles and the mean."""
        inner = [self.rows_per_key[p] for p in ("0.05", "0.25", "0.5", "0.75", "0.95", "0.99")]
        # The quantile at 0.01 is not in the profile; nobody in a history table has less than a row.
        knots = np.array([1.0, 1.0, *inner, float(most)])
        return whole(_interpolated(u, *bend_counts(knots, self.rows_per_key["mean"])))


@dataclass(frozen=True)
class Profile:
    """All eight tables, and the rank correlations of the application's main numbers."""

    tables: Mapping[str, TableProfile]
    correlated: tuple[str, ...]
    spearman: Floats

    def __getitem__(self, table: str) -> TableProfile:
        return self.tables[table]


@cache
def load_profile() -> Profile:
    """The profile that ships with this package."""
    raw = json.loads((files("simulation") / "home_credit_profile.json").read_text(encoding="utf-8"))
    spearman = raw["application_spearman"]
    return Profile(
        tables={name: _table(name, table) for name, table in raw["tables"].items()},
        correlated=tuple(spearman["columns"]),
        spearman=np.array(spearman["matrix"]),
    )


def _table(name: str, raw: Mapping[str, Any]) -> TableProfile:
    per_key: Mapping[str, float] = next((value for key, value in raw.items() if key.startswith("rows_per_")), {})
    return TableProfile(
        name=name,
        full_rows=raw["full_rows"],
        columns={column: _column(column, entry) for column, entry in raw["columns"].items()},
        rows_per_key=per_key,
        share_with_history=raw.get("share_of_clients_with_history", float("nan")),
    )


def _column(name: str, raw: Mapping[str, Any]) -> ColumnProfile:
    shares = raw.get("shares", {})
    return ColumnProfile(
        name=name,
        kind=raw["type"],
        missing=raw["missing"],
        mean=raw.get("mean", float("nan")),
        quantiles=np.array(raw.get("quantiles", np.zeros(len(PROBABILITIES)))),
        n_distinct=raw.get("n_distinct", 0),
        levels=tuple(shares),
        shares=np.array(list(shares.values())),
        target_rate=raw.get("target_rate", {}),
        never_share=raw.get("share_365243", 0.0),
        # null in the profile: a constant column has no rank correlation, hence no pull.
        spearman_target=raw.get("spearman_target") or 0.0,
    )


def bend_amounts(quantiles: Floats, mean: float) -> tuple[Floats, Floats]:
    """Lines between quantiles, those above the median bent so that the mean is met.

    Amounts thin out upwards: straight lines would put too much money between the upper quantiles,
    and a third of it into the last percent, whose end is one outlier. The last gap bends first,
    the others only as far as that does not suffice.
    """
    gaps, spans = np.diff(PROBABILITIES), np.diff(quantiles)
    straight = gaps * (quantiles[:-1] + spans / 2)
    last_mean = (mean - straight[:-1].sum()) / gaps[-1] - quantiles[-2]
    last = spans[-1] / last_mean - 1 if last_mean > 0 else STEEPEST
    exponents = np.ones(len(gaps))
    exponents[-1] = np.clip(last, STRAIGHT, STEEPEST)
    upper = slice(MEDIAN, -1)
    room = (gaps * spans)[upper].sum()
    rest = mean - straight[:MEDIAN].sum() - (gaps * quantiles[:-1])[upper].sum()
    rest -= gaps[-1] * (quantiles[-2] + spans[-1] / (exponents[-1] + 1))
    if last_mean <= 0 and room > 0:
        exponents[upper] = np.clip(room / rest - 1 if rest > 0 else STEEPEST, STRAIGHT, STEEPEST)
    return _bent(quantiles, exponents)


def bend_counts(quantiles: Floats, mean: float) -> tuple[Floats, Floats]:
    """Every gap between quantiles bent by one exponent, so that the rounded values meet the mean.

    Counts jump somewhere between two quantiles; the mean tells where.
    """
    centres = (np.arange(4_000) + 0.5) / 4_000
    low, high = 1 / STEEPEST, STEEPEST
    # Twenty halvings: the exponent to five digits.
    for _ in range(20):
        exponent = float(np.sqrt(low * high))
        rounded = np.rint(np.interp(centres, *_bent(quantiles, np.full(len(quantiles) - 1, exponent))))
        low, high = (exponent, high) if rounded.mean() > mean else (low, exponent)
    return _bent(quantiles, np.full(len(quantiles) - 1, exponent))


def _interpolated(u: Floats, probabilities: Floats, values: Floats) -> Floats:
    return np.asarray(np.interp(u, probabilities, values), dtype=np.float64)


def _bent(quantiles: Floats, exponents: Floats) -> tuple[Floats, Floats]:
    t = np.linspace(0, 1, POINTS_PER_GAP)
    left, gap = PROBABILITIES[:-1, None], np.diff(PROBABILITIES)[:, None]
    base, span = quantiles[:-1, None], np.diff(quantiles)[:, None]
    values = base + span * t ** exponents[:, None]
    if span[0] > OUTLYING * span[1] > 0:
        values[0] = quantiles[1] - span[0] * (1 - t) ** OUTLIER_EXPONENT
    return (left + gap * t).ravel(), values.ravel()
