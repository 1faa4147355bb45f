"""The gate's verdict as a record: what was compared, every criterion, the answer and its reason.

Here: its form in memory, as JSON and as a table. Keep out: how it is reached (judge) and where it
is stored (`resources.model_comparisons`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import pandas as pd

from credit_risk.errors import ModelError
from credit_risk.estimate import Estimate
from credit_risk.gate.contender import Overlap
from credit_risk.gate.criterion import Criterion

# Moves when a field changes its meaning: an older reader then refuses instead of misreading.
FORMAT = 1


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, why in one sentence, and every figure behind it.

    Attributes:
        challenger: its version.
        champion: the other's; None for the first model.
        promote: the answer.
        reason: one sentence with numbers.
        criteria: all of the catalogue, in its order.
        cost_difference: challenger - champion with its 95 % paired-bootstrap interval.
        overlap: of the clients; None for the first model.
    """

    challenger: str
    champion: str | None
    promote: bool
    reason: str
    criteria: tuple[Criterion, ...]
    cost_difference: Estimate | None = None
    overlap: Overlap | None = None

    @property
    def failed(self) -> tuple[Criterion, ...]:
        """The criteria that stand against the challenger."""
        return tuple(criterion for criterion in self.criteria if criterion.failed)

    def criterion(self, name: str) -> Criterion:
        """The criterion of a name of the catalogue."""
        return next(criterion for criterion in self.criteria if criterion.name == name)

    def criteria_frame(self) -> pd.DataFrame:
        """The criteria as a table, one row each, ready for markdown."""
        columns = ["criterion", "outcome", "challenger", "champion", "difference", "low", "high", "limit", "sentence"]
        rows = [
            (c.title, c.outcome, c.challenger, c.champion, c.difference, c.low, c.high, c.limit, c.sentence)
            for c in self.criteria
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> str:
        """As JSON text; `from_json` gives back an equal verdict, to the bit."""
        return json.dumps({"format": FORMAT, **asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The verdict of a JSON text.

        Raises:
            ModelError: it is not what `to_json` writes.
        """
        try:
            values = json.loads(text)
            found = values.pop("format")
            parsed = cls(**{**values, **_nested(values)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(f"{type(error).__name__}: {error}") from None
        if found != FORMAT:
            raise _unreadable(f"format {found!r}")
        return parsed


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "criteria": tuple(Criterion(**criterion) for criterion in values["criteria"]),
        "cost_difference": None if values["cost_difference"] is None else Estimate(**values["cost_difference"]),
        "overlap": None if values["overlap"] is None else Overlap(**values["overlap"]),
    }


def _unreadable(found: str) -> ModelError:
    return ModelError(
        f"a comparison of models that cannot be read ({found})",
        expected=f"what `Verdict.to_json` of format {FORMAT} writes",
        remedy="materialize model_comparison again",
    )
