"""When a day's drift report is out of date: the policy behind the volume sensor.

Here: the comparison of what is stored with what was reported, and of the model that is live with
the one whose reference was used. Keep out: counting predictions and
requesting runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from credit_risk.errors import SettingsError


@dataclass(frozen=True)
class StaleDay:
    """A day whose report misses predictions.

    Attributes:
        day: the day, UTC.
        stored: predictions of that day in the log.
        reported: predictions in its report, 0 without one.
    """

    day: date
    stored: int
    reported: int


@dataclass(frozen=True)
class RecomputeVerdict:
    """Which days to recompute, and why in one sentence with numbers."""

    stale: tuple[StaleDay, ...]
    reason: str

    @property
    def act(self) -> bool:
        """Whether there is a day to recompute."""
        return bool(self.stale)

    @property
    def days(self) -> list[date]:
        """The days to recompute, oldest first."""
        return [stale.day for stale in self.stale]


def should_recompute(
    stored: Mapping[date, int], reported: Mapping[date, int], volume_threshold: int
) -> RecomputeVerdict:
    """Which days hold at least `volume_threshold` predictions more than their report.

    Args:
        stored: predictions in the log by day, UTC.
        reported: predictions in the newest report by day; a day without report is left out.
        volume_threshold: new predictions that make a report stale, at least 1.

    Raises:
        SettingsError: a threshold below 1, with which every day would be recomputed for ever.
    """
    if volume_threshold < 1:
        raise SettingsError(
            f"a volume threshold of {volume_threshold}",
            expected="at least 1 new prediction",
            remedy="set CREDIT_VOLUME_THRESHOLD to a positive number",
        )
    stale = tuple(
        StaleDay(day, count, reported.get(day, 0))
        for day, count in sorted(stored.items())
        if count - reported.get(day, 0) >= volume_threshold
    )
    if stale:
        listed = ", ".join(f"{item.day} ({item.stored} stored, {item.reported} reported)" for item in stale)
        return RecomputeVerdict(stale, f"{len(stale)} days with {volume_threshold} or more new predictions: {listed}")
    behind = max((count - reported.get(day, 0) for day, count in stored.items()), default=0)
    return RecomputeVerdict(
        (),
        f"{len(stored)} days looked at, at most {max(behind, 0)} new predictions on one, "
        f"{volume_threshold} make a report stale",
    )


class LiveStay(Protocol):
    """Since when which model is live."""

    @property
    def model_version(self) -> str:
        """The model."""

    @property
    def live_from(self) -> datetime:
        """The moment of its promotion, or of the rollback to it."""


def of_another_model(reported: str, live: LiveStay | None) -> str | None:
    """What the open day's report misses when another model has gone live since, None when nothing.

    Only the open day: it will end with the live model, whose reference it is to be compared with.
    A closed day keeps the model that was live at its end, whatever goes live later.

    Args:
        reported: the model of the open day's report.
        live: the stay that lasts; None before the first.

    Returns:
        Version and moment, in a form that is another one for every promotion: a rollback to a model
        that the day was compared with before is news as well.
    """
    if live is None or reported == live.model_version:
        return None
    return f"{live.model_version}@{live.live_from.isoformat(timespec='microseconds')}"
