"""The population of the drift study: clients whose features have real shapes and a dependence that is known.

Here: 30 features, how they hang together, and samples of them with a shift of a known size. Add a shift here. Keep
out: what a rule makes of a sample (`drift_study_trials`).

The shapes are those of 18 numbers and 12 categories of the application table, from the profile of the real tables:
quantiles, shares of levels, missing shares. Values are made from standard normal scores, the latent side of a Gaussian
copula, so that a shift can be given in standard deviations whatever the shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from simulation.profile import ColumnProfile, load_profile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Columns = dict[str, Floats | pd.Categorical]
Dependence = Literal["independent", "correlated"]
Kind = Literal["mean", "value", "spread", "missing", "mix", "correlation", "rows"]

# Features of one block are made by one source, and missing together: who has no building report lacks all of it.
BLOCKS: dict[str, tuple[str, ...]] = {
    "credit": (
        "AMT_CREDIT",
        "AMT_GOODS_PRICE",
        "AMT_ANNUITY",
        "AMT_INCOME_TOTAL",
        "NAME_CONTRACT_TYPE",
        "FLAG_OWN_REALTY",
    ),
    "person": (
        "DAYS_BIRTH",
        "DAYS_REGISTRATION",
        "DAYS_ID_PUBLISH",
        "NAME_INCOME_TYPE",
        "OCCUPATION_TYPE",
        "ORGANIZATION_TYPE",
    ),
    "scores": (
        "EXT_SOURCE_1",
        "EXT_SOURCE_2",
        "EXT_SOURCE_3",
        "DAYS_LAST_PHONE_CHANGE",
        "NAME_EDUCATION_TYPE",
        "NAME_HOUSING_TYPE",
    ),
    "building": (
        "APARTMENTS_AVG",
        "LIVINGAREA_AVG",
        "TOTALAREA_MODE",
        "YEARS_BUILD_AVG",
        "HOUSETYPE_MODE",
        "WALLSMATERIAL_MODE",
    ),
    "rest": (
        "AMT_REQ_CREDIT_BUREAU_YEAR",
        "OWN_CAR_AGE",
        "REGION_POPULATION_RELATIVE",
        "FLAG_OWN_CAR",
        "NAME_TYPE_SUITE",
        "WEEKDAY_APPR_PROCESS_START",
    ),
}
FEATURES = tuple(name for block in BLOCKS.values() for name in block)

# Shares of a score's variance that all features have in common, and those of a block beside that: a correlation of
# 0.7 within a block and 0.15 across. Engineered features of one source are often that close, rarely closer.
COMMON, OF_BLOCK = 0.15, 0.55

# Clients to draw from, with replacement: draws are independent, from one fixed distribution, at a fifth of the price
# of making each client anew. More would change no figure of the page; fewer repeat clients visibly in a window.
CLIENTS = 200_000


@dataclass(frozen=True)
class Shift:
    """A change of a known size, of each of the features that move.

    Attributes:
        kind: what changes. `mean` and `spread`: the mean and the standard deviation of the normal scores, by
            `amount` standard deviations and by the factor `amount`; a number or a category follows by ranks. `value`:
            the values of a number, by `amount` of their own standard deviations (counts stay counts). `missing`: the
            missing share, by `amount`. `mix`: so much of a category's shares moves from its common levels to the
            rarer ones. `correlation`: `amount` is what is left of a feature's correlation with the others, which is all
            that changes. `rows`: a share `amount` of the rows comes from a population whose scores are one standard
            deviation up.
        amount: how much.
    """

    kind: Kind
    amount: float


class Feature:
    """One feature: its values from uniform places in its distribution."""

    def __init__(self, name: str) -> None:
        profile: ColumnProfile = load_profile()["application_train"][name]
        self.name = name
        self.missing = profile.missing
        self.is_number = not profile.levels
        self.counts = self.is_number and bool((profile.quantiles == np.rint(profile.quantiles)).all())
        self._profile = profile
        by_share = sorted(zip(profile.levels, profile.shares, strict=True), key=lambda level: (-level[1], level[0]))
        self.levels = tuple(level for level, _ in by_share)
        self.shares = np.array([share for _, share in by_share]) / max(float(profile.shares.sum()), 1e-12)

    def values(self, u: Floats, *, mix: float = 0.0) -> Floats:
        """Numbers, or the codes of levels from the most common one up, at places in [0, 1]."""
        if not self.is_number:
            edges = np.cumsum(self.mixed(mix))[:-1]
            return np.asarray(np.searchsorted(edges, u, side="right"), dtype=np.float64)
        values = self._profile.quantile(u)
        return np.rint(values) if self.counts else values

    def mixed(self, amount: float) -> Floats:
        """Shares of the levels after `amount` moved, in proportion, from those that hold the first half to the rest."""
        n_common = int(np.searchsorted(np.cumsum(self.shares), 0.5)) + 1
        common = np.arange(len(self.shares)) < n_common
        held = np.where(common, self.shares[common].sum(), self.shares[~common].sum())
        moved: Floats = self.shares + np.where(common, -amount, amount) * self.shares / held
        return moved

    def column(self, values: Floats) -> Floats | pd.Categorical:
        """As a frame holds it; NaN is missing."""
        if self.is_number:
            return values
        codes = np.where(np.isnan(values), -1, values).astype(np.int64)
        return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(self.levels))  # type: ignore[arg-type]


class Population:
    """Clients to draw references and windows from."""

    def __init__(self, dependence: Dependence, *, seed: int, clients: int = CLIENTS) -> None:
        rng = np.random.default_rng(seed)
        self.clients = clients
        self.features = tuple(Feature(name) for name in FEATURES)
        of_block = np.repeat(np.arange(len(BLOCKS)), [len(block) for block in BLOCKS.values()])
        own = rng.standard_normal((len(FEATURES), clients))
        if dependence == "correlated":
            common = rng.standard_normal(clients)
            shared = rng.standard_normal((len(BLOCKS), clients))[of_block]
            own = np.sqrt(COMMON) * common + np.sqrt(OF_BLOCK) * shared + np.sqrt(1.0 - COMMON - OF_BLOCK) * own
            self._absence = rng.random((len(BLOCKS), clients))[of_block]
        else:
            self._absence = rng.random((len(FEATURES), clients))
        self._scores = own

    @cached_property
    def _clean(self) -> Floats:
        return np.stack(
            [
                np.where(self._absence[index] < feature.missing, np.nan, feature.values(ndtr(self._scores[index])))
                for index, feature in enumerate(self.features)
            ]
        )

    @cached_property
    def _deviation(self) -> Floats:
        deviation: Floats = np.nanstd(self._clean, axis=1)
        return deviation

    def draw(self, rng: np.random.Generator, n: int) -> Integers:
        """Which clients are in a sample of n, with replacement."""
        return rng.integers(self.clients, size=n)

    def clean(self, clients: Integers) -> Columns:
        """The features of these clients, as they are."""
        return {
            feature.name: feature.column(self._clean[index, clients]) for index, feature in enumerate(self.features)
        }

    def moved(self, clients: Integers, shift: Shift, names: Sequence[str], rng: np.random.Generator) -> Columns:
        """Some features of these clients after a shift."""
        anew = rng.random(len(clients)) < shift.amount if shift.kind == "rows" else np.empty(0, dtype=np.bool_)
        columns: Columns = {}
        for name in names:
            index = FEATURES.index(name)
            feature = self.features[index]
            if shift.kind == "value":
                columns[name] = self._moved_value(index, clients, shift.amount, rng)
                continue
            scores, absence = self._scores[index, clients], self._absence[index, clients]
            scores = _moved_scores(scores, shift, anew, rng)
            values = feature.values(ndtr(scores), mix=shift.amount if shift.kind == "mix" else 0.0)
            missing = feature.missing + (shift.amount if shift.kind == "missing" else 0.0)
            columns[name] = feature.column(np.where(absence < missing, np.nan, values))
        return columns

    def _moved_value(self, index: int, clients: Integers, amount: float, rng: np.random.Generator) -> Floats:
        step = amount * self._deviation[index]
        if self.features[index].counts:
            # A count moves by whole numbers, some by one more than others, so that the mean moves as it should.
            step = np.floor(step) + (rng.random(len(clients)) < step - np.floor(step))
        moved: Floats = self._clean[index, clients] + step
        return moved


def _moved_scores(scores: Floats, shift: Shift, anew: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    if shift.kind == "mean":
        return scores + shift.amount
    if shift.kind == "spread":
        return scores * shift.amount
    if shift.kind == "correlation":
        left: Floats = shift.amount * scores + np.sqrt(1.0 - shift.amount**2) * rng.standard_normal(len(scores))
        return left
    return scores + anew if shift.kind == "rows" else scores


@cache
def population(dependence: Dependence, seed: int) -> Population:
    """The population of a study, made once a process."""
    return Population(dependence, seed=seed)


# Twelve numbers that nearly all clients have (at most a fifth is missing), and twelve of which half are missing in
# half of the rows or more; the families that move together.
NUMBERS = tuple(name for name in FEATURES if Feature(name).is_number)
CATEGORIES = tuple(name for name in FEATURES if name not in NUMBERS)
_BY_MISSING = sorted(NUMBERS, key=lambda name: Feature(name).missing)
PRESENT_FAMILY, SPARSE_FAMILY = tuple(_BY_MISSING[:12]), tuple(_BY_MISSING[-12:])
