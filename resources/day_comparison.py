"""A day compared with its reference: its verdict, and what is said beside it.

Here: one day's frames from the clients to the core and back, for the graph and for the command line.
Keep out: which days are compared, and what becomes of their reports (`credit_assets.drift`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.drift import DriftReport, compute_drift_report, sampled
from resources.drift_reports import DayReport
from resources.live_references import LiveReference, LiveReferences


@dataclass(frozen=True, eq=False)
class ComparedDay:
    """A day's report, with the frames that its pages are made of.

    Attributes:
        stored: the report.
        live: what the day was compared with.
        current: the monitored features of its decisions, sampled where they are very many.
    """

    stored: DayReport
    live: LiveReference
    current: pd.DataFrame

    @property
    def day(self) -> date:
        """The day, UTC."""
        return self.stored.day

    @property
    def report(self) -> DriftReport:
        """The verdict."""
        return self.stored.report


class DayComparer:
    """Compares days with the reference of the model that was live at their end.

    Args:
        references: of the days.
        rule: when a feature counts as drifted.
        min_predictions: fewer are insufficient.
    """

    def __init__(
        self, references: LiveReferences, *, rule: Literal["corrected", "classic"], min_predictions: int
    ) -> None:
        self._references, self._rule, self._min_predictions = references, rule, min_predictions

    def compare(self, day: date, features: pd.DataFrame) -> ComparedDay:
        """The verdict on a day's decisions, by the rule.

        Args:
            day: UTC.
            features: of its decisions, as they are stored.

        Raises:
            ModelError: no model was ever live, or its reference is gone.
            DriftError: text where the model takes numbers.
        """
        live = self._references.at_the_end_of(day)
        current, n_rows = sampled(live.window(features), day_seed=day.toordinal())
        report = compute_drift_report(
            live.watched,
            current,
            features=list(live.monitored),
            rule=self._rule,
            min_predictions=self._min_predictions,
            n_predictions=n_rows,
        )
        return ComparedDay(DayReport(day, report, live.model_version), live, current)


def all_drifted(compared: ComparedDay, features: pd.DataFrame) -> tuple[str, ...]:
    """Every feature of a day that moved, watched or not."""
    whole, _ = sampled(compared.live.whole_window(features), day_seed=compared.day.toordinal())
    details = compute_drift_report(compared.live.everything, whole).details
    return tuple(details.loc[details["drifted"], "feature"])


def with_score(compared: ComparedDay, probabilities: NDArray[np.float64] | None) -> ComparedDay:
    """The day with the drift of its score.

    Args:
        compared: the day.
        probabilities: what its model gave; None without decisions of that model: nothing to compare.
    """
    from credit_risk.score_drift import score_drift

    if probabilities is None or compared.live.scores is None:
        return compared
    score = asdict(score_drift(compared.live.scores, probabilities))
    return replace(compared, stored=replace(compared.stored, score=score))


def with_separation(compared: ComparedDay) -> ComparedDay:
    """The day with what a classifier tells apart.

    A day without a verdict stays without, and so does one whose verdict rests on fewer rows than the
    classifier takes: `CREDIT_DRIFT_MIN_PREDICTIONS` may be set below its least.
    """
    from credit_risk.domain_classifier import LEAST_ROWS, tell_apart

    live = compared.live
    if compared.report.status == "insufficient" or min(len(live.sample), len(compared.current)) < LEAST_ROWS:
        return compared
    rng = np.random.default_rng(compared.day.toordinal())
    separation = tell_apart(live.sample, compared.current, features=list(live.monitored), rng=rng)
    return replace(compared, stored=replace(compared.stored, multivariate=asdict(separation)))


def own_probabilities(decisions: pd.DataFrame, versions: Mapping[date, str]) -> dict[date, NDArray[np.float64]]:
    """The probabilities of each day that its own model gave.

    Args:
        decisions: as `PredictionLog.decisions_frame` gives them.
        versions: the model of each day.
    """
    if decisions.empty:
        return {}
    days: pd.Series[Any] = decisions["created_at"].dt.tz_convert("UTC").dt.date
    own = decisions[decisions["model_version"] == days.map(versions)]
    return {day: rows.to_numpy(dtype=np.float64) for day, rows in own.groupby(days)["probability"]}
