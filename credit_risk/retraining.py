"""When a retraining starts: the policy behind the retraining sensor.

Here: which drift alerts are causes, how they and cost alarms (`credit_risk.cost_alarm`) become one
run, and what holds a run back although there is a cause. Keep out: reading reports,
remembering what was answered, what a run is told (`credit_risk.training_request`), and whether
the new model goes live.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from credit_risk.cost_alarm import CostAlarm

# A recomputed day of last spring is history: only the open day and the last closed one can call
# for a retraining, or every backfill would.
CAUSE_DAYS = timedelta(days=1)

WEEK = timedelta(days=7)

# A run whose machine was killed deserves another one; what failed twice will fail a third time,
# and a person has been told of both failures by then.
MAX_FAILURES = 2


@dataclass(frozen=True)
class DriftAlert:
    """A drift report as the policy sees it, whatever its status.

    Attributes:
        report_date: the window's day, UTC.
        model_version: the model whose reference it was compared with.
        status: of the report; only "alert" can be a cause.
        drifted: names of the drifted features.
        storage_id: position in the event log; a later report of the same day has a larger one.
        all_drifted: what a retraining answers: every feature that had moved, monitored or not,
            because the next model is monitored on others.
        failures: retrainings for this day that failed.
    """

    report_date: date
    model_version: str
    status: str
    drifted: frozenset[str]
    storage_id: int
    all_drifted: frozenset[str] = frozenset()
    failures: int = 0

    @property
    def key(self) -> str:
        """Names the day among all causes: every report of it is the same cause to try for, and to fail."""
        return f"drift:{self.report_date}:{self.model_version}"

    def __str__(self) -> str:
        return f"{self.report_date} (model {self.model_version}, {len(self.drifted)} features drifted)"


Cause = DriftAlert | CostAlarm


@dataclass(frozen=True)
class Verdict:
    """Whether to retrain now, and why in one sentence with numbers.

    Attributes:
        act: start one retraining.
        reason: for the run's tags, or for the skip.
        causes: what calls for it, alerts by day first, then costs; named also while something
            holds it back.
        consume: whether the drift reports are done with, so that the sensor's cursor may pass
            them. False while an alert waits or is being answered: it is to be seen again, and
            once it is answered it is a cause no more.
    """

    act: bool
    reason: str
    causes: tuple[Cause, ...]
    consume: bool

    @property
    def alerts(self) -> tuple[DriftAlert, ...]:
        """The drift alerts among the causes."""
        return tuple(cause for cause in self.causes if isinstance(cause, DriftAlert))

    @property
    def costs(self) -> tuple[CostAlarm, ...]:
        """The cost alarms among the causes."""
        return tuple(cause for cause in self.causes if isinstance(cause, CostAlarm))


def should_retrain(
    found: Sequence[Cause],
    *,
    now: datetime,
    live_version: str | None,
    answered: Mapping[date, frozenset[str]],
    running: int,
    recent_retrainings: Sequence[datetime],
    cooldown: timedelta | None,
    max_per_week: int | None,
) -> Verdict:
    """Whether what was found calls for one retraining, which answers all of it.

    Args:
        found: drift reports that were not consumed yet, of any status, and the cost alarms of
            the live model (`credit_risk.cost_alarm.judge_cost`), which are all causes.
        now: the moment of asking, with its time zone; the open day is its day in UTC.
        live_version: the model that is live, None without one.
        answered: by window day, the features that a retraining has already answered.
        running: retrainings that are queued or running.
        recent_retrainings: when earlier ones answered, back to a week and to the cool-down.
        cooldown: time that must pass after the last one; None or zero: none.
        max_per_week: most retrainings in seven days; None or zero: no limit.

    Returns:
        The verdict; an alert that is held back stays unconsumed.
    """
    reports = [each for each in found if isinstance(each, DriftAlert)]
    alerts, dismissed = _causes(reports, now.astimezone(UTC).date(), live_version, answered)
    costs = [each for each in found if isinstance(each, CostAlarm) and each.failures < MAX_FAILURES]
    if not alerts and not costs:
        why_not = "".join(f", {count} {why}" for why, count in dismissed.items())
        return Verdict(act=False, reason=f"{len(reports)} drift reports{why_not}: no cause", causes=(), consume=True)
    drift = [f"drift: {'; '.join(map(str, alerts))}"] if alerts else []
    listed = "; ".join(drift + [str(alarm) for alarm in costs])
    hold = _held_back(now, running, recent_retrainings, cooldown, max_per_week)
    return Verdict(
        act=hold is None,
        reason=f"{hold}; waiting: {listed}" if hold else listed,
        causes=(*alerts, *costs),
        consume=not alerts,
    )


def _causes(
    reports: Sequence[DriftAlert],
    today: date,
    live_version: str | None,
    answered: Mapping[date, frozenset[str]],
) -> tuple[tuple[DriftAlert, ...], Counter[str]]:
    """The reports that call for a retraining, and how many others do not for which reason."""
    in_order = sorted(reports, key=lambda report: (report.report_date, report.storage_id))
    newest = {report.report_date: report for report in in_order}
    causes: list[DriftAlert] = []
    dismissed: Counter[str] = Counter()
    for report in in_order:
        if newest[report.report_date].status != "alert":
            # The day as it stands now is no alert: an earlier one of it is withdrawn.
            why: str | None = "of days without an alert"
        elif report.failures >= MAX_FAILURES:
            why = f"whose retraining failed {MAX_FAILURES} times"
        else:
            why = _why_not(report, today, live_version, answered.get(report.report_date))
        if why is None:
            causes.append(report)
        else:
            dismissed[why] += 1
    return tuple(causes), dismissed


def _why_not(report: DriftAlert, today: date, live_version: str | None, answered: frozenset[str] | None) -> str | None:
    """Why a report is no cause, None when it is one."""
    if report.status != "alert":
        return "without an alert"
    if not timedelta(0) <= today - report.report_date <= CAUSE_DAYS:
        return f"of days other than {today - CAUSE_DAYS} and {today}"
    if report.model_version != live_version:
        return f"for other models than the live one ({live_version})"
    if answered is not None and report.drifted <= answered:
        return "answered already"
    return None


def _held_back(
    now: datetime,
    running: int,
    recent_retrainings: Sequence[datetime],
    cooldown: timedelta | None,
    max_per_week: int | None,
) -> str | None:
    """What keeps a retraining from starting now, None when nothing does."""
    if running:
        return f"{int(running)} retrainings queued or running"
    since_last = min((now - started for started in recent_retrainings), default=None)
    if cooldown and since_last is not None and since_last < cooldown:
        return f"cool-down of {_hours(cooldown)} h, {_hours(cooldown - since_last)} h of it left"
    this_week = sum(now - started < WEEK for started in recent_retrainings)
    if max_per_week and this_week >= max_per_week:
        return f"{this_week} retrainings in seven days, {max_per_week} allowed"
    return None


def _hours(duration: timedelta) -> str:
    return f"{duration / timedelta(hours=1):.1f}"
