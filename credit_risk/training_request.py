"""Training requests: what a training is told about why it runs.

Here: the one form that a sensor, the calendar and a person ask in, and its sentence. Add to it
when a training must know more about its cause. Keep out: whether a cause stands
(`credit_risk.retraining`), and the training.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from credit_risk.errors import SettingsError
from credit_risk.retraining import Verdict

# The asset that trains, in the configuration of a run.
TRAINING_OP = "credit_model"


@dataclass(frozen=True)
class TrainingRequest:
    """Why a training runs, and what it answers.

    Attributes:
        cause: one sentence with numbers, kept in the registry.
        answers: days in alert (ISO), each with the features that had moved.
        costs: by basis of a cost alarm, the last day (ISO) of its evidence.
        towards: further days (ISO) whose applicants the training rows are weighted towards.
        alerted_model: the live model that the alerts and alarms are about; empty without any.
        kind: "schedule" or "person"; empty where alerts and alarms ask.
        author: the person; empty without one.
    """

    cause: str
    answers: dict[str, list[str]] = field(default_factory=dict)
    costs: dict[str, str] = field(default_factory=dict)
    towards: list[str] = field(default_factory=list)
    alerted_model: str = ""
    kind: str = ""
    author: str = ""

    def run_config(self) -> dict[str, Any]:
        """As the configuration of a run of the training job."""
        return {"ops": {TRAINING_OP: {"config": {name: value for name, value in asdict(self).items() if value}}}}


def of_verdict(verdict: Verdict) -> TrainingRequest:
    """One request for all causes of a verdict.

    An estimated cost has no labels yet: its days are what the rows are weighted towards. A
    realised cost brings its labels with it.
    """
    answers: dict[str, set[str]] = defaultdict(set)
    for cause in verdict.alerts:
        answers[cause.report_date.isoformat()] |= cause.all_drifted or cause.drifted
    towards = {day for alarm in verdict.costs if alarm.basis == "estimated" for day in _days(alarm.first, alarm.last)}
    return TrainingRequest(
        cause=verdict.reason,
        answers={day: sorted(features) for day, features in answers.items()},
        costs={alarm.basis: alarm.last.isoformat() for alarm in verdict.costs},
        towards=sorted(towards - answers.keys()),
        alerted_model=verdict.causes[0].model_version,
    )


def on_schedule(month: date) -> TrainingRequest:
    """The training of a month: new files and new outcomes, whatever the alarms say."""
    return TrainingRequest(cause=f"schedule: the training of {month:%Y-%m}", kind="schedule")


def by_person(author: str, reason: str, towards: Sequence[date] = ()) -> TrainingRequest:
    """A training that a person asks for; no cool-down holds it back.

    Raises:
        SettingsError: without a reason or an author.
    """
    author, reason = author.strip(), reason.strip()
    absent = [name for name, value in (("--reason", reason), ("--author", author)) if not value]
    if absent:
        raise SettingsError(
            f"a training asked for without {' and '.join(absent)}",
            expected="who asks and why, in words that others will read in the registry",
            remedy='say it: --reason "prices changed on the first"',
        )
    days = sorted({day.isoformat() for day in towards})
    weighted = f", towards {', '.join(days)}" if days else ""
    return TrainingRequest(cause=f"person: {author}: {reason}{weighted}", towards=days, kind="person", author=author)


def _days(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1)]
