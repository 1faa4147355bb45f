"""Which days' performance reports are due when outcomes arrive: the policy behind the outcome sensor.

Here: from days with new outcomes to ranges worth a run. Keep out: counting outcomes and requesting runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

# A run takes seconds to start and a day of a report a fraction of one: the days between two that
# are due are computed along when they are no more than this.
GAP_DAYS = 7


@dataclass(frozen=True)
class DueReports:
    """Ranges of days to report on, oldest first, and why in one sentence with numbers."""

    ranges: tuple[tuple[date, date], ...]
    reason: str

    @property
    def act(self) -> bool:
        """Whether there is a report to compute."""
        return bool(self.ranges)


def reports_due(new: Mapping[date, int], *, first_day: date, last_day: date, unknown: int = 0) -> DueReports:
    """The ranges of days whose reports miss outcomes.

    Args:
        new: outcomes since the last look, by the day of their decision.
        first_day: the oldest day that can be reported.
        last_day: today; a decision of a later day is a clock gone wrong.
        unknown: outcomes whose decision is not on record any more.
    """
    days = sorted(day for day, count in new.items() if count and first_day <= day <= last_day)
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and day - ranges[-1][1] <= timedelta(days=GAP_DAYS):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    counted = sum(new[day] for day in days)
    left_out = sum(new.values()) - counted
    reason = f"{counted} new outcomes of decisions of {len(days)} days"
    if days:
        reason += f", {days[0]} to {days[-1]}"
    if left_out:
        reason += f"; {left_out} of days outside {first_day} to {last_day} left out"
    if unknown:
        reason += f"; {unknown} of decisions that are not on record left out"
    return DueReports(tuple(ranges), reason)
