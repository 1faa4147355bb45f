"""Comparison: how two versions of a feature table differ, feature by feature.

Here: measures over columns of two versions whose clients were matched. Keep out: which versions
there are and how they are read (`resources.feature_store`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.errors import ModelError

Positions = npt.NDArray[np.intp]
Clients = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MatchedClients:
    """Where the clients of two versions are.

    Attributes:
        before: positions in the first version of the clients that both have.
        after: positions of the same clients, in the same order, in the second.
        only_before: clients of the first version alone, ascending.
        only_after: clients of the second version alone, ascending.
    """

    before: Positions
    after: Positions
    only_before: Clients
    only_after: Clients


@dataclass(frozen=True)
class FeatureChange:
    """One feature in two versions.

    Attributes:
        feature: its name.
        differing: share of the clients of both versions whose value differs, a missing one differing from
            every present one; None when the versions have no client in common.
        missing_before: share missing among all clients of the first version; `missing_after` of the second.
        mean_before: of the present values of the first version; `mean_after` of the second. None for a
            category, and without any value.
    """

    feature: str
    differing: float | None
    missing_before: float
    missing_after: float
    mean_before: float | None
    mean_after: float | None

    @property
    def changed(self) -> bool:
        """Whether a client's value differs; without clients in common, whether that cannot be excluded."""
        return self.differing is None or self.differing > 0


def match_clients(before: Clients, after: Clients) -> MatchedClients:
    """Match the clients of two versions, whatever their order.

    Raises:
        ModelError: a client is there twice; says how many of which version.
    """
    first, second = pd.Index(before), pd.Index(after)
    twice = {"first": int(first.duplicated().sum()), "second": int(second.duplicated().sum())}
    if any(twice.values()):
        raise ModelError(
            " and ".join(f"{n} rows of clients seen before in the {which} version" for which, n in twice.items() if n),
            expected="one row a client",
            remedy="compute that version again",
            fields=twice,
        )
    found = second.get_indexer(first)
    common = np.flatnonzero(found >= 0)
    return MatchedClients(
        before=common,
        after=found[common],
        only_before=np.sort(before[found < 0]),
        only_after=np.sort(after[~second.isin(first)]),
    )


def compare_feature(before: "pd.Series[float]", after: "pd.Series[float]", matched: MatchedClients) -> FeatureChange:
    """Compare a feature of two versions.

    Args:
        before: its values in the first version, numbers or text; what is missing is null.
        after: its values in the second version.
        matched: the clients of both.
    """
    gone, missing = before.isna().to_numpy(), after.isna().to_numpy()
    # A number and a text are different values, whatever they look like.
    kind = np.float64 if _numeric(before) and _numeric(after) else object
    unequal = before.to_numpy(kind)[matched.before] != after.to_numpy(kind)[matched.after]
    gone_then, missing_now = gone[matched.before], missing[matched.after]
    differs = np.where(gone_then | missing_now, gone_then != missing_now, unequal)
    return FeatureChange(
        feature=str(before.name),
        differing=float(differs.mean()) if differs.size else None,
        missing_before=_share(gone),
        missing_after=_share(missing),
        mean_before=_mean(before, gone),
        mean_after=_mean(after, missing),
    )


def most_changed_first(changes: list[FeatureChange]) -> list[FeatureChange]:
    """Ordered by the share of clients that differ, then by how far the missing share moved, then by name."""

    def key(change: FeatureChange) -> tuple[float, float, str]:
        differing = 1.0 if change.differing is None else change.differing
        return (-differing, -abs(change.missing_after - change.missing_before), change.feature)

    return sorted(changes, key=key)


def _share(missing: npt.NDArray[np.bool_]) -> float:
    return float(missing.mean()) if missing.size else 0.0


def _mean(values: "pd.Series[float]", missing: npt.NDArray[np.bool_]) -> float | None:
    if not _numeric(values) or missing.all():
        return None
    return float(values.to_numpy(np.float64)[~missing].mean())


def _numeric(values: "pd.Series[float]") -> bool:
    return pd.api.types.is_numeric_dtype(values)
