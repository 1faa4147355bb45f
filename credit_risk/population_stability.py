"""The population stability index (PSI): asked for by habit, given with its bins and its noise.

Here: the index of each feature, on bins that are stated. No verdict follows from it: its usual limits
of 0.1 and 0.25 know neither the number of rows nor that of bins. Keep out: the tests that verdicts
rest on (`credit_risk.drift`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DriftError
from credit_risk.two_sample.kinds import agreed_kinds, kinds_of, level_counts, numeric_values
from credit_risk.two_sample.prepared import PreparedReference
from credit_risk.two_sample.sorted_columns import ascending

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# The custom of the trade: tenths of the reference.
BINS = 10
# One bin compares nothing.
LEAST_BINS = 2
# Added to every count: without it a bin that one sample leaves empty makes the index infinite.
HALF_A_ROW = 0.5

MISSING = "missing"
OTHER = "other levels"


@dataclass(frozen=True, eq=False)
class _Binned:
    """Counts of both samples in the same bins."""

    labels: list[str]
    reference: Integers
    current: Integers


def population_stability(
    reference: pd.DataFrame | PreparedReference,
    current: pd.DataFrame,
    *,
    features: Sequence[str] | None = None,
    bins: int = BINS,
) -> pd.DataFrame:
    """PSI of each feature: sum over bins of (window share - reference share) log(window share / reference share).

    Numbers: bins between quantiles of the reference; one bin a value where there are no more values
    than bins. Categories: the commonest levels of the reference, and all others together. Missing
    values are a bin of their own. Half a row is added to every count.

    Args:
        reference: a sample of the training population, one row a client, or the same prepared.
        current: the window, one row a prediction, at least one; a feature that it lacks is missing
            in all rows.
        features: which ones; None means all columns that both have.
        bins: of the values that are not missing, at least 2.

    Returns:
        One row a feature, largest PSI first: `feature`, `kind`, `psi`, `clean_psi` (what a window
        of this size from the same population shows on average), `n_bins`, and `bins`: a list of
        {"bin", "reference", "window"} with the shares, 0 to 1, before half rows were added.

    Raises:
        DriftError: fewer than two bins, a window without rows, features that the reference lacks,
            columns that cannot be compared; each names all offenders.

    Source: Yurdakul (2018), Statistical properties of population stability index.
    """
    if bins < LEAST_BINS or not len(current):
        raise DriftError(
            f"{bins} bins and a window of {len(current)} rows",
            expected=f"at least {LEAST_BINS} bins and one row",
            remedy="raise the number of bins, or take a window with predictions",
        )
    wanted = _wanted(reference, current, features)
    prepared = reference if isinstance(reference, PreparedReference) else PreparedReference.of(reference, wanted)
    kinds = agreed_kinds(prepared.kinds, kinds_of(current, wanted))
    rows = []
    for feature, kind in kinds.items():
        column = current[feature] if feature in current.columns else pd.Series([None] * len(current), dtype=object)
        binned = (
            _numbers(prepared.numbers.get(feature, np.empty(0)), ascending(numeric_values(column)), bins)
            if kind == "numeric"
            else _levels(prepared.levels.get(feature, {}), level_counts(column), bins)
        )
        rows.append({"feature": feature, "kind": kind, **_index(binned, prepared.n_rows, len(current))})
    return pd.DataFrame(rows).sort_values(["psi", "feature"], ascending=[False, True], ignore_index=True)


def _wanted(
    reference: pd.DataFrame | PreparedReference, current: pd.DataFrame, features: Sequence[str] | None
) -> list[str]:
    known = reference.features if isinstance(reference, PreparedReference) else tuple(reference.columns)
    wanted = [name for name in known if name in current.columns] if features is None else list(dict.fromkeys(features))
    lacking = [name for name in wanted if name not in known]
    if lacking or not wanted:
        raise DriftError(
            f"{len(wanted)} features, {len(lacking)} of them not in the reference ({', '.join(lacking) or 'none'})",
            expected="features of the reference",
            remedy="correct the names",
            fields={"lacking": lacking},
        )
    return wanted


def _numbers(reference: Floats, current: Floats, bins: int) -> _Binned:
    """Both samples ascending, without missing values."""
    edges = _edges(reference, bins)
    # (previous edge, edge]: an edge belongs to the bin below it.
    counts = [
        np.diff(np.concatenate([[0], sample.searchsorted(edges, side="right"), [len(sample)]]))
        for sample in (reference, current)
    ]
    if not len(edges):
        return _Binned(["all values"], *counts)
    between = [f"({low:.6g}, {high:.6g}]" for low, high in pairwise(edges)]
    return _Binned([f"up to {edges[0]:.6g}", *between, f"above {edges[-1]:.6g}"], *counts)


def _edges(reference: Floats, bins: int) -> Floats:
    """Upper ends of all bins but the last one."""
    if not len(reference):
        return np.empty(0)
    values = np.unique(reference)
    if len(values) == 1:
        # So that a constant which changed lands beside its bin.
        return np.array([np.nextafter(values[0], -np.inf), values[0]])
    if len(values) <= bins:
        return values[:-1]
    quantiles: Floats = np.unique(np.quantile(reference, np.arange(1, bins) / bins))
    return quantiles


def _levels(reference: Mapping[object, int], current: Mapping[object, int], bins: int) -> _Binned:
    """Counts by level: a bin for each of the commonest, one for the others where there are any."""
    by_count = sorted({**current, **reference}, key=lambda level: (-reference.get(level, 0), str(level)))
    common = [level for level in by_count if level in reference][:bins]
    kept = [np.array([counts.get(level, 0) for level in common], dtype=np.int64) for counts in (reference, current)]
    others = [
        sum(counts.values()) - int(counted.sum()) for counts, counted in zip((reference, current), kept, strict=True)
    ]
    labels = [str(level) for level in common]
    if len(by_count) == len(common):
        return _Binned(labels, *kept)
    return _Binned([*labels, OTHER], *(np.append(counted, rest) for counted, rest in zip(kept, others, strict=True)))


def _index(binned: _Binned, n_reference: int, n_current: int) -> dict[str, object]:
    missing = n_reference - int(binned.reference.sum()), n_current - int(binned.current.sum())
    labels, reference, current = binned.labels, binned.reference, binned.current
    if any(missing):
        labels = [*labels, MISSING]
        reference, current = np.append(reference, missing[0]), np.append(current, missing[1])
    one, other = reference + HALF_A_ROW, current + HALF_A_ROW
    one, other = one / one.sum(), other / other.sum()
    shares = zip(labels, (reference / n_reference).tolist(), (current / n_current).tolist(), strict=True)
    return {
        "psi": float(((other - one) * np.log(other / one)).sum()),
        "clean_psi": (len(labels) - 1) * (1.0 / n_reference + 1.0 / n_current),
        "n_bins": len(labels),
        "bins": [{"bin": label, "reference": before, "window": now} for label, before, now in shares],
    }
