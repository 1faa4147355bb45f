"""How a feature is spread in training and on a day, from counts: bins for a picture.

Here: edges from the reference, and counts as shares. Keep out: counting a day (`queries.drift`), and
whether the difference matters (`credit_risk.drift`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

# Fine enough for the shape, coarse enough that fifty decisions do not look like a comb.
BINS = 24
# Of the reference's values at either end: one outlier must not press all others into one bin.
TAIL = 0.005
MOST_LEVELS = 8
REST, MISSING = "all others", "missing"
TRAINING, DAY = "training", "this day"


def edges_of(values: pd.Series) -> tuple[float, ...] | None:
    """The bounds of a numeric feature's bins, or None where all values are one or none is known."""
    known = values.dropna().to_numpy(dtype=np.float64)
    if not len(known):
        return None
    low, high = np.quantile(known, [TAIL, 1 - TAIL])
    if low == high:
        low, high = known.min(), known.max()
    return None if low == high else tuple(np.linspace(low, high, BINS + 1).tolist())


def of_numbers(values: pd.Series, edges: tuple[float, ...], counted: pd.DataFrame) -> pd.DataFrame:
    """Shares of the known values by bin and side: `start`, `end`, `share`, `side`.

    Args:
        values: of the reference.
        edges: of the bins; what lies beyond the ends is in the outermost bins.
        counted: `bucket` (as `width_bucket` of PostgreSQL counts: 0 is below the first edge) and `n`, of the day.
    """
    known = values.dropna().to_numpy(dtype=np.float64)
    inside = np.clip(known, edges[0], np.nextafter(edges[-1], -np.inf))
    then = np.histogram(inside, edges)[0].astype(np.float64)
    now = np.zeros(len(edges) - 1)
    rows = counted.dropna(subset=["bucket"])
    places = np.clip(rows["bucket"].to_numpy(dtype=np.int64) - 1, 0, len(now) - 1)
    np.add.at(now, places, rows["n"].to_numpy(dtype=np.float64))
    return pd.concat(
        [
            pd.DataFrame({"start": edges[:-1], "end": edges[1:], "share": _shares(counts), "side": side})
            for counts, side in ((then, TRAINING), (now, DAY))
        ],
        ignore_index=True,
    )


def of_levels(values: pd.Series, counted: pd.DataFrame) -> pd.DataFrame:
    """Shares by level and side, the commonest in training first: `level`, `share`, `side`.

    Args:
        values: of the reference; missing ones are a level of their own.
        counted: `level` (None: missing) and `n`, of the day.
    """
    then = values.fillna(MISSING).value_counts()
    now = counted.assign(level=counted["level"].fillna(MISSING)).groupby("level")["n"].sum()
    order = then.add(now, fill_value=0).sort_values(ascending=False, kind="stable").index
    named = list(order if len(order) <= MOST_LEVELS else order[: MOST_LEVELS - 1])
    sides = []
    for counts, side in ((then, TRAINING), (now, DAY)):
        shown = [float(counts.get(level, 0)) for level in named]
        labels = named if len(named) == len(order) else [*named, REST]
        rest = [float(counts.sum()) - sum(shown)] if len(labels) > len(named) else []
        sides.append(pd.DataFrame({"level": labels, "share": _shares(np.array(shown + rest)), "side": side}))
    return pd.concat(sides, ignore_index=True)


def _shares(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    total = counts.sum()
    return counts / total if total else counts
