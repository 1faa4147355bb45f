"""Comparisons of models: what the gate said about each challenger, kept beside its predictions.

Here: one JSON file a challenger in the lake, the last comparison that it met. Keep out: judging
(`credit_risk.gate`), and the short form in the registry's tags.
"""

from credit_risk.errors import ModelError
from credit_risk.gate.verdict import Verdict
from resources.lake import Lake


def comparison_file(version: str) -> str:
    """Where a challenger's last comparison is in the lake."""
    return f"models/{version}/comparison.json"


class ModelComparisons:
    """The gate's verdicts by challenger."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def store(self, verdict: Verdict) -> str:
        """Keep a verdict in the place of an earlier one on the same challenger. Returns its address."""
        return self.lake.write_bytes(comparison_file(verdict.challenger), verdict.to_json().encode())

    def find(self, version: str) -> Verdict | None:
        """The last verdict on a challenger, or None.

        Raises:
            ModelError: it cannot be read.
            UnavailableError: the lake does not answer.
        """
        try:
            text = self.lake.read_bytes(comparison_file(version))
        except FileNotFoundError:
            return None
        return Verdict.from_json(text.decode())

    def get(self, version: str) -> Verdict:
        """The last verdict on a challenger.

        Raises:
            ModelError: there is none, or it cannot be read.
            UnavailableError: the lake does not answer.
        """
        found = self.find(version)
        if found is None:
            raise ModelError(
                f"no comparison of model {version}",
                expected=f"{comparison_file(version)} in the lake",
                remedy="materialize model_comparison while this version is the newest candidate",
            )
        return found
