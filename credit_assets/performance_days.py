"""The days of a run, each with its decisions, their outcomes, and its reports by model version.

Here: reading a month at a time, and the reference of each model once. Keep out: recording the
reports (`credit_assets.performance`), and every figure (`credit_risk`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

import numpy as np
import pandas as pd

from credit_risk.decision import APPROVED
from credit_risk.errors import CreditError, ModelError, UnavailableError
from credit_risk.performance import PerformanceReport, ReferencePerformance, performance_report, reference_performance
from credit_risk.prices import Prices
from resources.dagster_resources import PlatformResource
from resources.live_references import out_of_fold_file

# Read together: a month of 10,000 decisions a day is 100 MB without their features.
DAYS_AT_ONCE = 31


@dataclass(frozen=True)
class ReportedDay:
    """A day's reports by model version, and when what they rest on was read."""

    day: date
    reports: Mapping[str, PerformanceReport]
    read_at: datetime

    @property
    def key(self) -> str:
        """The day as a partition."""
        return self.day.isoformat()


class PerformanceDays:
    """The reports of a run's days, some at a time.

    Attributes:
        failed: why days have no report, by partition; complete when all batches were taken.
    """

    def __init__(self, platform: PlatformResource, keys: Sequence[str]) -> None:
        self._platform = platform
        self._days = sorted(date.fromisoformat(key) for key in keys)
        self._references: dict[str, ReferencePerformance | None] = {}
        self._prices = prices_of(platform)
        self.failed: dict[str, str] = {}

    def batches(self) -> Iterator[list[ReportedDay]]:
        """The days that could be reported, in order."""
        for _, group in groupby(self._days, lambda day: (day - self._days[0]) // timedelta(days=DAYS_AT_ONCE)):
            days = list(group)
            # Before the first read: whoever reads later knows at least as much.
            read_at = self._platform.performance_reports.now()
            decided = decisions_with_outcomes(self._platform, days[0], days[-1])
            by_day = dict(iter(decided.groupby(decided["created_at"].dt.tz_convert("UTC").dt.date)))
            done = [self._reported(day, by_day.get(day), read_at) for day in days]
            if reported := [one for one in done if one is not None]:
                yield reported

    def _reported(self, day: date, decided: pd.DataFrame | None, read_at: datetime) -> ReportedDay | None:
        if decided is None:
            return ReportedDay(day, {}, read_at)
        try:
            reports = {
                str(version): performance_report(rows, reference=self._reference(str(version)), prices=self._prices)
                for version, rows in decided.groupby("model_version")
            }
        except UnavailableError:
            raise
        except CreditError as error:
            # Named at the end: one bad day must not cost its neighbours their reports.
            self.failed[day.isoformat()] = str(error)
            return None
        return ReportedDay(day, reports, read_at)

    def _reference(self, version: str) -> ReferencePerformance | None:
        """Figures out of fold; None for a model of an older system, which left none here."""
        if version not in self._references:
            self._references[version] = self._read_reference(version)
        return self._references[version]

    def _read_reference(self, version: str) -> ReferencePerformance | None:
        file, lake = out_of_fold_file(version), self._platform.lake
        try:
            threshold = self._platform.registry.manifest(version).threshold
        except ModelError:
            # Not of this registry: the report says that it has no reference.
            return None
        if not lake.exists(file):
            return None
        return reference_performance(lake.read_frame(file, ["target", "probability", "weight"]), threshold)


def decisions_with_outcomes(platform: PlatformResource, first: date, last: date) -> pd.DataFrame:
    """The decisions of a range of days, as `performance_report` takes them.

    Returns:
        `created_at`, `model_version`, `probability`, `approved`, `target` and `random_share`.
    """
    decided = platform.prediction_log.decisions_frame(first, last)
    ids = decided["prediction_id"].tolist()
    outcomes = platform.outcomes.current(ids).set_index("prediction_id")["target"]
    shares = platform.random_approvals.shares(ids)
    return pd.DataFrame(
        {
            "created_at": pd.to_datetime(decided["created_at"], utc=True),
            "model_version": decided["model_version"],
            "probability": decided["probability"].astype(np.float64),
            "approved": decided["decision"] == APPROVED.label,
            "target": decided["prediction_id"].map(outcomes).astype(np.float64),
            "random_share": decided["prediction_id"].map(shares).astype(np.float64),
        }
    )


def prices_of(platform: PlatformResource) -> Prices:
    """The lender's prices, as the settings have them."""
    settings = platform.settings
    return Prices(
        loss_of_default=settings.loss_of_default,
        margin_of_good=settings.margin_of_good,
        currency=settings.currency,
        label_delay_days=settings.label_delay_days,
    )
