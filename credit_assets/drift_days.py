"""The days of a run, each compared with its reference: one pass over the log, from the first day to the last.

Here: which days are read and recorded together, and which of them can afford more than their verdict.
Keep out: recording them (`credit_assets.drift`), and how a day is compared (`resources.day_comparison`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from credit_assets import drift_metadata
from credit_risk.errors import CreditError, UnavailableError
from credit_risk.report_page.pictures import HISTORY_DAYS, HistoryDay
from resources.dagster_resources import PlatformResource
from resources.day_comparison import (
    ComparedDay,
    DayComparer,
    all_drifted,
    own_probabilities,
    with_score,
    with_separation,
)
from resources.day_windows import DayWindow, day_windows
from resources.drift_reports import DayReport

# Read and recorded together: a read of the log, a commit and a look-up of records for so many days, and
# what a killed run has to do again.
DAYS_AT_ONCE = 30

# Only an alert of today or yesterday is a cause: what else had moved is asked of the last days of a run,
# among which these are whenever it has them.
CAUSE_DAYS = timedelta(days=2)


@dataclass(frozen=True)
class Reported:
    """A day's report, ready to be stored and shown; `newest` has the frames that its pages are made of."""

    stored: DayReport
    metadata: Mapping[str, Any]
    newest: ComparedDay | None

    @property
    def key(self) -> str:
        """The day as a partition."""
        return self.stored.day.isoformat()


@dataclass(frozen=True)
class _Judged:
    """A day's verdict, and what had moved beside it; its frame is kept for the newest day alone."""

    compared: ComparedDay
    all_drifted: tuple[str, ...] | None


class RunOfDays:
    """The reports of a run's days, some at a time.

    Attributes:
        failed: why days have no report, or no pages, by partition; complete when all batches were taken.
    """

    def __init__(self, platform: PlatformResource, keys: Sequence[str]) -> None:
        self._platform = platform
        self._days = sorted(date.fromisoformat(key) for key in keys)
        settings = platform.settings
        self._comparer = DayComparer(
            platform.live_references, rule=settings.drift_rule, min_predictions=settings.drift_min_predictions
        )
        self._verdicts: list[HistoryDay] = []
        self.failed: dict[str, str] = {}

    def batches(self) -> Iterator[list[Reported]]:
        """The days that could be compared, in order; the newest one alone, because its pages take seconds."""
        for start in range(0, len(self._days), DAYS_AT_ONCE):
            days = self._days[start : start + DAYS_AT_ONCE]
            # Before the read: whoever reads later knows at least as much.
            read_at = self._platform.drift_reports.now()
            done = self._reported(list(self._judged(days)), read_at)
            for some in ([one for one in done if one.newest is None], [one for one in done if one.newest]):
                if some:
                    yield some

    def pages(self, done: Reported) -> dict[str, Any]:
        """Make the pages of the newest day of the run, and say where they are; nothing for any other day."""
        if done.newest is None or done.stored.report.status == "insufficient":
            return {}
        try:
            written = self._platform.drift_pages.write(done.newest, self._verdicts)
        except CreditError as error:
            # The verdict does without: an alert must not wait for a folder that can be written again.
            self.failed[done.key] = f"reported without its pages, `credit drift page {done.key}` makes them: {error}"
            return {}
        return drift_metadata.pages(done.stored, written)

    def _judged(self, days: Sequence[date]) -> Iterator[_Judged]:
        for window in day_windows(self._platform.prediction_log, days[0], days[-1]):
            # Days that a person picked by hand may lie apart.
            if window.day not in days:
                continue
            try:
                judged = self._judge(window)
            except UnavailableError:
                raise
            except CreditError as error:
                # Named at the end: one bad day must not cost its neighbours their reports.
                self.failed[window.day.isoformat()] = str(error)
                continue
            report = judged.compared.report
            verdict = HistoryDay(window.day, report.status, report.drift_percentage, report.n_predictions)
            self._verdicts = [*self._verdicts, verdict][-HISTORY_DAYS:]
            yield judged

    def _judge(self, window: DayWindow) -> _Judged:
        if window.error is not None:
            raise window.error
        compared = self._comparer.compare(window.day, window.features)
        # Otherwise the next model, which is watched on other features, would ring again for the same move.
        cause = compared.report.status == "alert" and self._days[-1] - window.day < CAUSE_DAYS
        moved = all_drifted(compared, window.features) if cause else None
        if window.day != self._days[-1]:
            # The frames of a month may not fit into memory.
            compared = replace(compared, current=compared.current.head(0))
        return _Judged(compared, moved)

    def _reported(self, judged: Sequence[_Judged], read_at: datetime) -> list[Reported]:
        if not judged:
            return []
        versions = {one.compared.day: one.compared.live.model_version for one in judged}
        decisions = self._platform.prediction_log.decisions_frame(min(versions), max(versions))
        probabilities = own_probabilities(decisions, versions)
        done = []
        for one in judged:
            compared = with_score(one.compared, probabilities.get(one.compared.day))
            newest = compared.day == self._days[-1]
            if newest:
                # Seconds a day: older ones do without.
                compared = with_separation(compared)
            stored = replace(compared.stored, read_at=read_at)
            metadata = drift_metadata.figures(stored, one.all_drifted)
            done.append(Reported(stored, metadata, compared if newest else None))
        return done
