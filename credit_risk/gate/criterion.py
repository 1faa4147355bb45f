"""A criterion of the gate: what it asks, the figures of both models, its limit and its answer.

Here: the catalogue of all criteria in the order in which people read them, and the record of one
that was judged. Add a name to the catalogue with every new criterion. Keep out: how figures are
computed and where limits come from; each family of criteria has its own module.
"""

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["passed", "failed", "not judged"]

# Name, and what it asks of the challenger.
CATALOGUE: dict[str, str] = {
    "business_cost": "Out of fold, its decisions cost no more than the champion's by a margin, surely.",
    "auc": "Out of fold, it does not surely rank applicants worse than the champion.",
    "calibration": "Out of fold, its probabilities are not surely further from what was observed.",
    "improvement": "Out of fold, it is better in business cost, AUC or calibration.",
    "outcomes_cost": "On the most recent outcomes, its decisions do not surely cost more than the champion's.",
    "outcomes_auc": "On the most recent outcomes, it does not surely rank worse than the champion.",
    "outcomes_calibration": "On the most recent outcomes, its probabilities are not surely further off.",
    "score_stability": "Scores of the same applicants keep their distribution, or the move pays.",
    "decision_stability": "Few decisions on the same applicants change, or the change pays.",
    "latency": "Scoring one application does not take much longer than with the champion.",
    "approval_by_gender": "Approval rates of men and women are not further apart than they may be.",
    "approval_by_age": "Approval rates of age bands are not further apart than they may be.",
    "false_refusals_by_gender": "Good applicants are refused alike, men and women.",
    "false_refusals_by_age": "Good applicants are refused alike, whatever their age.",
    "plausible_auc": "Its AUC is one that a model without the answer can have.",
    "plausible_jump": "Its AUC is not above the champion's by more than data explain.",
    "single_feature": "No single feature tells almost alone who defaults.",
}


@dataclass(frozen=True)
class Criterion:
    """One criterion, judged or not.

    Attributes:
        name: of the catalogue.
        outcome: passed, failed, or not judged because too little is known.
        sentence: the figures, the limit and the answer in words.
        challenger: its figure; None where there is none.
        champion: the same of the champion.
        difference: challenger - champion.
        low: lower end of the 95 % interval of the difference.
        high: upper end.
        limit: what decides, in the unit that the sentence names.
        n: rows that it rests on.
        improves: whether the challenger's figure is the better one.
    """

    name: str
    outcome: Outcome
    sentence: str
    challenger: float | None = None
    champion: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    n: int | None = None
    improves: bool = False

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").replace("auc", "AUC")

    @property
    def failed(self) -> bool:
        """Whether it stands against the challenger."""
        return self.outcome == "failed"

    def figures(self) -> dict[str, Any]:
        """The figures that there are, by name."""
        names = ("challenger", "champion", "difference", "low", "high", "limit", "n")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def passed_unless(failed: bool) -> Outcome:  # noqa: FBT001  # reads as a sentence where it is called
    """The outcome of a criterion that could be judged."""
    return "failed" if failed else "passed"


def not_judged(name: str, why: str, *, challenger: float | None = None, n: int | None = None) -> Criterion:
    """A criterion on which nothing can be said, with the reason."""
    return Criterion(name, "not judged", why, challenger=challenger, n=n)
