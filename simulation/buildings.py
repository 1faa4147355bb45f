"""The building an applicant lives in: 47 normalized columns that are known together or not at all.

Here: the _AVG, _MODE and _MEDI triples, the house's kind and state. Keep out: where it stands
(applicants.region).
"""

import numpy as np

from simulation.columns import Floats, Table, missing_where
from simulation.dependence import blend, chance, top_share, uniform
from simulation.profile import TableProfile

# How much of a measure is the size of the house: large houses have lifts, floors and many flats.
SIZE_WEIGHT = 0.75

# Measures that say little about size: age and technical state.
AGE_MEASURES = ("YEARS_BEGINEXPLUATATION", "YEARS_BUILD")

# Nearly all columns of one house are missing together, the rarer ones (common area, lowest
# floor) on top: one score for all, and so much of each column's own.
SHARED_MISSING = 0.985

# The median is the average's own value for three houses in four, the mode for half of them;
# the others are off by a fifth of a standard deviation in rank.
SAME_MEDIAN, SAME_MODE, NEARBY = 0.75, 0.5, 0.98

TEXT = ("FONDKAPREMONT_MODE", "HOUSETYPE_MODE", "WALLSMATERIAL_MODE", "EMERGENCYSTATE_MODE")


def building(t: TableProfile, rng: np.random.Generator, wealth: Floats) -> Table:
    """All building columns of `len(wealth)` applicants; the wealthier live in larger houses."""
    n = len(wealth)
    size = blend(rng, n, (0.2, wealth))
    undocumented = rng.standard_normal(n)
    table: Table = {}
    for measure in (name.removesuffix("_AVG") for name in t.header if name.endswith("_AVG")):
        weight = 0.2 if measure in AGE_MEASURES else SIZE_WEIGHT
        score = blend(rng, n, (weight, size))
        absent = top_share(blend(rng, n, (SHARED_MISSING, undocumented)), t[f"{measure}_AVG"].missing)
        for name, values in _triple(t, rng, measure, score).items():
            table[name] = missing_where(np.round(values, 4), absent)
    total = t["TOTALAREA_MODE"].quantile(uniform(blend(rng, n, (0.9, size))))
    table["TOTALAREA_MODE"] = missing_where(
        np.round(total, 4), top_share(blend(rng, n, (SHARED_MISSING, undocumented)), t["TOTALAREA_MODE"].missing)
    )
    for name in TEXT:
        absent = top_share(blend(rng, n, (SHARED_MISSING, undocumented)), t[name].missing)
        table[name] = t[name].label(rng.random(n)).missing_where(absent)
    return table


def _triple(t: TableProfile, rng: np.random.Generator, measure: str, score: Floats) -> dict[str, Floats]:
    n = len(score)
    average = t[f"{measure}_AVG"].quantile(uniform(score))
    median = t[f"{measure}_MEDI"].quantile(uniform(blend(rng, n, (NEARBY, score))))
    mode = t[f"{measure}_MODE"].quantile(uniform(blend(rng, n, (NEARBY, score))))
    return {
        f"{measure}_AVG": average,
        f"{measure}_MODE": np.where(chance(rng, n, SAME_MODE), average, mode),
        f"{measure}_MEDI": np.where(chance(rng, n, SAME_MEDIAN), average, median),
    }
