"""Canaries: a few applications that a model must score, with the probabilities that training got.

Here: choosing them when a model is registered, their JSON, and the check that whoever loads
the model runs before it answers anybody. Keep out: where they are stored (registry), and
what happens to a model that fails (the service).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.errors import ApplicationError, ModelError
from credit_risk.scoring import Scorer

# Moves when a field changes its meaning: an older reader then refuses instead of misreading.
FORMAT = 1

# Spread evenly over the ranks of the scores, so that every part of the range is there: each
# canary takes some hundred leaves, one in every tree. A thousand features are 25 kB a row.
N_CANARIES = 32

# The same build on the same machine gives the same bits. Another CPU may take another kernel
# for exp, or fuse multiply and add: some units in the last place, 1e-16 of a probability each.
# Another leaf, category code or column moves it by 1e-4 and more. This lies far from both.
TOLERANCE = 1e-12

# Enough to see whether it is one client or all of them.
MAX_NAMED = 3


@dataclass(frozen=True)
class Canary:
    """One application, as a client would send its features, and its probability of default."""

    features: Mapping[str, object]
    probability: float


@dataclass(frozen=True)
class Canaries:
    """The canaries of one model."""

    rows: tuple[Canary, ...]

    def to_json(self) -> str:
        """As JSON text; `from_json` gives back equal canaries, to the bit."""
        rows = [{"features": dict(row.features), "probability": row.probability} for row in self.rows]
        return json.dumps({"format": FORMAT, "canaries": rows}, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The canaries of a JSON text.

        Raises:
            ModelError: it is not what `to_json` writes.
        """
        try:
            values = json.loads(text)
            found = values["format"]
            rows = tuple(Canary(dict(row["features"]), float(row["probability"])) for row in values["canaries"])
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(f"{type(error).__name__}: {error}") from None
        if found != FORMAT:
            raise _unreadable(f"format {found!r}")
        return cls(rows)


def choose_canaries(frame: pd.DataFrame, ranking: npt.ArrayLike, scorer: Scorer, *, n: int = N_CANARIES) -> Canaries:
    """Canaries from the rows that a model was trained on.

    Args:
        frame: feature frame; columns that the model does not take are left out.
        ranking: one number a row that orders them by risk, such as out-of-fold probabilities.
        scorer: of the model; its path for whole frames gives the probabilities.
        n: how many, or all rows when there are fewer.
    """
    order = np.argsort(np.asarray(ranking, dtype=np.float64), kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(n, len(order))).round().astype(np.int64)]
    names = [feature.name for feature in scorer.manifest.feature_set.accepted if feature.name in frame.columns]
    rows = frame.iloc[chosen][names].reset_index(drop=True)
    probabilities = scorer.probabilities(rows)
    records = rows.to_dict(orient="records")
    return Canaries(tuple(Canary(_as_sent(record), float(p)) for record, p in zip(records, probabilities, strict=True)))


def check_canaries(scorer: Scorer, canaries: Canaries) -> float:
    """Score every canary as the service scores an application.

    Returns:
        The largest difference from the stored probabilities; 0.0 where training ran on this kind of machine.

    Raises:
        ModelError: a canary cannot be scored, or gets another probability; says how many and by how much.
    """
    faults, largest = [], 0.0
    for number, canary in enumerate(canaries.rows):
        try:
            difference = abs(scorer.score(canary.features).probability - canary.probability)
        except ApplicationError as error:
            faults.append(f"row {number}: {error.found}")
            continue
        # Written so that a nan is a fault.
        if not difference <= TOLERANCE:
            faults.append(f"row {number}: off by {difference:.3g}")
        else:
            largest = max(largest, difference)
    if faults:
        raise _refusal(faults, len(canaries.rows))
    return largest


def _as_sent(record: Mapping[Any, Any]) -> dict[str, object]:
    # What is missing is left out; the API takes no booleans for numbers.
    return {
        str(name): int(value) if isinstance(value, bool) else value
        for name, value in record.items()
        if not pd.isna(value)
    }


def _unreadable(reason: str) -> ModelError:
    return ModelError(
        f"canaries that cannot be read ({reason})",
        expected=f"what `Canaries.to_json` of format {FORMAT} writes",
        remedy="register the model again with this version of the code",
    )


def _refusal(faults: Iterable[str], n_canaries: int) -> ModelError:
    faults = list(faults)
    named = "; ".join(faults[:MAX_NAMED]) + ("; ..." if len(faults) > MAX_NAMED else "")
    return ModelError(
        f"{len(faults)} of {n_canaries} canary applications that this model does not score as training did: {named}",
        expected=f"the stored probabilities, to {TOLERANCE:g}",
        remedy="promote another version; compare the code and libraries here with those that trained it",
        fields={"faults": faults},
    )
