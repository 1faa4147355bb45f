"""Replay: does a stored decision come out the same when it is made again?

Here: the comparison of one decision on record with the model that made it, number by number.
Add a comparison when a decision carries another result. Keep out: where decisions and models
are stored, and printing.

What a reason says in words is not compared: the sentences of the catalogue may be improved. Its code,
feature, value and contribution are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from credit_risk.decision import REFUSED, decide
from credit_risk.errors import ApplicationError
from credit_risk.reasons import DECIMALS, Catalogue
from credit_risk.scoring import Scorer

# Contributions are rounded to this many decimals when they are stored: on another processor the
# last one may round the other way.
TOLERANCE = 2 * 10.0**-DECIMALS


class Decided(Protocol):
    """What is on record about a decision; the prediction log's records are such."""

    @property
    def probability(self) -> float: ...  # noqa: D102 - the fields of the prediction log
    @property
    def prediction(self) -> int: ...  # noqa: D102
    @property
    def decision(self) -> str: ...  # noqa: D102
    @property
    def threshold(self) -> float: ...  # noqa: D102
    @property
    def n_features_missing(self) -> int | None: ...  # noqa: D102
    @property
    def features(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def reasons(self) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102


@dataclass(frozen=True)
class Difference:
    """Something that came out otherwise than it is on record."""

    what: str
    stored: object
    replayed: object


def differences(stored: Decided, scorer: Scorer, catalogue: Catalogue) -> list[Difference]:
    """Make a decision again from its stored features, and compare.

    Args:
        stored: the decision on record.
        scorer: the model version that made it.
        catalogue: of the reasons.

    Returns:
        Every difference; none when the probability has the same bits and all else agrees. Reasons
        are compared as far as there are any on record (see `is_unexplained`).
    """
    try:
        score = scorer.score(stored.features)
    except ApplicationError as error:
        return [Difference("features", "decided upon", f"refused: {error.found}")]
    threshold = scorer.manifest.threshold
    decision = decide(score.probability, threshold)
    replayed = {
        "probability": score.probability,
        "threshold": threshold,
        "prediction": decision.prediction,
        "decision": decision.label,
    }
    if stored.n_features_missing is not None:
        replayed["n_features_missing"] = score.n_features_missing
    plain = [Difference(what, getattr(stored, what), value) for what, value in replayed.items()]
    found = [difference for difference in plain if difference.stored != difference.replayed]
    return found + (_of_reasons(stored, scorer, catalogue, score.row) if stored.reasons else [])


def is_unexplained(stored: Decided) -> bool:
    """Whether a refusal has no reasons on record: it was made before there were any, or while they were off."""
    return stored.decision == REFUSED.label and not stored.reasons


def _of_reasons(
    stored: Decided, scorer: Scorer, catalogue: Catalogue, row: npt.NDArray[np.float64]
) -> list[Difference]:
    again = catalogue.reasons(
        scorer.contributions(row),
        stored.features,
        scorer.scored_names,
        # What is on record says how many were asked for, and which: the setting may have moved since.
        limit=len(stored.reasons),
        direction=stored.reasons[0].get("direction", "refusal"),
    )
    replayed = [reason.to_dict() for reason in again]
    if len(replayed) != len(stored.reasons):
        return [Difference("reasons", _codes(stored.reasons), _codes(replayed))]
    return [
        Difference(f"reason {number}: {name}", before.get(name), after[name])
        for number, (before, after) in enumerate(zip(stored.reasons, replayed, strict=True), start=1)
        for name in ("code", "feature", "value", "direction", "contribution")
        if not _same(name, before.get(name), after[name])
    ]


def _same(name: str, stored: object, replayed: object) -> bool:
    if name == "contribution" and isinstance(stored, float | int) and isinstance(replayed, float):
        return abs(stored - replayed) <= TOLERANCE
    if isinstance(stored, int) and isinstance(replayed, float):
        # The prediction log keeps numbers as floats; a reason kept what was sent.
        return float(stored) == replayed
    return bool(stored == replayed)


def _codes(reasons: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(reason.get("code")) for reason in reasons)
