"""How the service did on a day: volume, latency, refusals, as figures of its decisions.

Here: figures of one day's decisions. Keep out: figures of requests that never became decisions (the
service's metrics), and whether decisions were right (`credit_risk.performance`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

HOURS = 24


@dataclass(frozen=True)
class Operations:
    """A day of decisions.

    Attributes:
        n_decisions: on record.
        n_refused: of them.
        by_hour: decisions of each hour, UTC.
        by_model: decisions of each model version, most first.
        latency_p50: milliseconds that half of the answers took at most; None where nobody measured.
        latency_p95: the same for 95 of 100.
        features_missing: features that an application left out, on average; None where nobody counted.
    """

    n_decisions: int
    n_refused: int
    by_hour: tuple[int, ...]
    by_model: Mapping[str, int]
    latency_p50: float | None
    latency_p95: float | None
    features_missing: float | None

    @property
    def refusal_rate(self) -> float | None:
        """Share of the decisions that are refusals; None without any."""
        return self.n_refused / self.n_decisions if self.n_decisions else None


def operations(decisions: pd.DataFrame) -> Operations:
    """Figures of a day.

    Args:
        decisions: one row each: created_at (with a time zone), decision, model_version,
            inference_time_ms, n_features_missing. Without rows, columns may lack.
    """
    if decisions.empty:
        return Operations(0, 0, (0,) * HOURS, {}, None, None, None)
    hours = decisions["created_at"].dt.tz_convert("UTC").dt.hour.value_counts()
    milliseconds = decisions["inference_time_ms"].dropna().astype("float64")
    missing = decisions["n_features_missing"].dropna().astype("float64")
    return Operations(
        n_decisions=len(decisions),
        n_refused=int((decisions["decision"] == "REFUSED").sum()),
        by_hour=tuple(int(hours.get(hour, 0)) for hour in range(HOURS)),
        by_model={str(model): int(n) for model, n in decisions["model_version"].value_counts().items()},
        latency_p50=None if milliseconds.empty else float(milliseconds.quantile(0.5)),
        latency_p95=None if milliseconds.empty else float(milliseconds.quantile(0.95)),
        features_missing=None if missing.empty else float(missing.mean()),
    )
