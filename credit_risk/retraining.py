"""When drift calls for a retraining: the policy behind the retraining sensor.

Here: what is a cause, and what holds a run back although there is one. Keep out: reading reports,
remembering what was answered, starting runs, and whether the new model goes live
(`credit_risk.promotion`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# A recomputed day of last spring is history: only the open day and the last closed one can call
# for a retraining, or every backfill would.
CAUSE_DAYS = timedelta(days=1)

WEEK = timedelta(days=7)


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
    """

    report_date: date
    model_version: str
    status: str
    drifted: frozenset[str]
    storage_id: int
    all_drifted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Whether to retrain now, and why in one sentence with numbers.

    Attributes:
        act: start one retraining.
        reason: for the run's tags, or for the skip.
        causes: the alerts that call for it, oldest first, named also while something holds it back.
        consume: whether the reports are done with, so that the sensor's cursor may pass them.
            False while a cause waits: it is to be seen again.
    """

    act: bool
    reason: str
    causes: tuple[DriftAlert, ...]
    consume: bool


def should_retrain(
    alerts: Sequence[DriftAlert],
    *,
    now: datetime,
    live_version: str | None,
    answered: Mapping[date, frozenset[str]],
    running: int,
    recent_retrainings: Sequence[datetime],
    cooldown: timedelta | None,
    max_per_week: int | None,
) -> Verdict:
    """Whether the reports since the cursor call for one retraining, which answers all of them.

    Args:
        alerts: drift reports that were not consumed yet, of any status.
        now: the moment of asking, with its time zone; the open day is its day in UTC.
        live_version: the model that is live, None without one.
        answered: by window day, the features that a retraining has already answered.
        running: retrainings that are queued or running.
        recent_retrainings: when earlier ones started, back to a week and to the cool-down.
        cooldown: time that must pass after the last one; None or zero: none.
        max_per_week: most retrainings in seven days; None or zero: no limit.

    Returns:
        The verdict; a cause that is held back stays unconsumed.
    """
    causes, dismissed = _causes(alerts, now.astimezone(UTC).date(), live_version, answered)
    if not causes:
        why_not = "".join(f", {count} {why}" for why, count in dismissed.items())
        return Verdict(act=False, reason=f"{len(alerts)} drift reports{why_not}: no cause", causes=(), consume=True)
    listed = "; ".join(_named(cause) for cause in causes)
    hold = _held_back(now, running, recent_retrainings, cooldown, max_per_week)
    if hold:
        return Verdict(act=False, reason=f"{hold}; waiting: {listed}", causes=causes, consume=False)
    return Verdict(act=True, reason=f"drift: {listed}", causes=causes, consume=True)


def _causes(
    reports: Sequence[DriftAlert], today: date, live_version: str | None, answered: Mapping[date, frozenset[str]]
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


def _named(cause: DriftAlert) -> str:
    return f"{cause.report_date} (model {cause.model_version}, {len(cause.drifted)} features drifted)"
