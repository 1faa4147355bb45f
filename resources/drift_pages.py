"""The pages of a day's drift report in the lake: our own, and Evidently's beside it.

Here: gathering what a page shows, and where it is stored. Keep out: what it says
(`credit_risk.report_page`), and when pages are made (`credit_assets.drift_days`, `credit drift page`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from credit_risk.monitored import MONITORED
from resources.day_comparison import ComparedDay
from resources.drift_reports import DayReport, DriftReports
from resources.lake import Lake
from resources.prediction_log import PredictionLog

if TYPE_CHECKING:
    from credit_risk.report_page.page import DayFigures
    from credit_risk.report_page.pictures import HistoryDay

FOLDER = "reports/drift"


@dataclass(frozen=True)
class WrittenPages:
    """Addresses of a day's pages, and the pictures of our own as SVG that stands alone."""

    page: str
    evidently: str
    pictures: dict[str, str]


def page_name(day: date) -> str:
    """Our page of a day in the lake."""
    return f"{FOLDER}/{day}.html"


def evidently_name(day: date) -> str:
    """Evidently's page of a day in the lake."""
    return f"{FOLDER}/{day}.evidently.html"


class DriftPages:
    """Makes and stores the pages of a day."""

    def __init__(self, lake: Lake, log: PredictionLog, reports: DriftReports) -> None:
        self._lake, self._log, self._reports = lake, log, reports

    def write(self, compared: ComparedDay, before: "Iterable[HistoryDay]" = ()) -> WrittenPages:
        """Make the pages of a day and store them; pages that are there are replaced.

        Args:
            compared: the day.
            before: verdicts of earlier days that are not on record yet.

        Raises:
            SettingsError: the lake cannot be written.
            UnavailableError: the lake or the database does not answer.
        """
        from credit_risk.charts.evidently_page import evidently_page
        from credit_risk.report_page.page import pictures, render
        from credit_risk.report_page.svg import alone

        # Thirty features, however many are monitored: all of them would be tens of megabytes that no
        # browser opens gladly.
        columns = list(compared.live.monitored[:MONITORED])
        content = evidently_page(compared.live.sample[columns], compared.current[columns])
        other = self._lake.write_bytes(evidently_name(compared.day), content)
        figures = self._figures(compared, before)
        page = self._lake.write_bytes(page_name(compared.day), render(figures).encode())
        return WrittenPages(page, other, {name: alone(picture) for name, picture in pictures(figures).items()})

    def _figures(self, compared: ComparedDay, before: "Iterable[HistoryDay]") -> "DayFigures":
        from credit_risk.report_page.distribution import distribution
        from credit_risk.report_page.operations import operations
        from credit_risk.report_page.page import MOST_DISTRIBUTIONS, DayFigures

        live, stored, current = compared.live, compared.stored, compared.current
        decisions = self._log.decisions_frame(compared.day, compared.day)
        own = decisions["probability"][decisions["model_version"] == live.model_version]
        comparable = live.scores is not None and len(own) > 0
        largest = stored.report.details["feature"].head(MOST_DISTRIBUTIONS)
        return DayFigures(
            day=compared.day,
            model_version=live.model_version,
            n_reference=len(live.sample),
            report=stored.report,
            descriptions=_descriptions(),
            distributions=[distribution(name, live.sample[name], current[name]) for name in largest],
            history=self._history(stored, before),
            scores=distribution("probability of default", pd.Series(live.scores), own) if comparable else None,
            threshold=live.manifest.threshold,
            score=stored.score,
            multivariate=stored.multivariate,
            operations=operations(decisions),
            evidently=evidently_name(compared.day).removeprefix(f"{FOLDER}/"),
        )

    def _history(self, stored: DayReport, before: "Iterable[HistoryDay]") -> "list[HistoryDay]":
        from credit_risk.report_page.pictures import HISTORY_DAYS, HistoryDay

        first = stored.day - timedelta(days=HISTORY_DAYS - 1)
        on_record = [
            HistoryDay(row.report_date, row.status, row.drift_percentage, row.n_predictions)
            for row in self._reports.between(first, stored.day)
        ]
        report = stored.report
        today = HistoryDay(stored.day, report.status, report.drift_percentage, report.n_predictions)
        # The later one of a day holds: what is known here is newer than what is on record.
        return list({one.day: one for one in [*on_record, *before, today]}.values())


def _descriptions() -> dict[str, str]:
    from credit_risk.features import catalogue, client

    return {term.name: catalogue.description(term) for term in client.FEATURES}
