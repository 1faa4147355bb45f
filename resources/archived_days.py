"""The table `credit.decision_archives`: which closed days of decisions are in the lake, and which are there alone.

Here: its rows, and which of them may hold a decision. It imports nothing heavy, because the service asks it. Keep
out: the files (`decision_archive`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from resources.database import Connection

# Made in the millisecond in which a decision is stamped; between the two, midnight may pass.
ID_LEAD = timedelta(seconds=1)

_COLUMNS = "day, address, sha256, n_rows, n_live, n_bytes, ids_tell_day, archived_at, verified_at, dropped_at"
_STATE = f"SELECT {_COLUMNS} FROM credit.decision_archives"  # noqa: S608  # of the names above


@dataclass(frozen=True)
class ArchivedDay:
    """A row of `credit.decision_archives`; see its migration."""

    day: date
    address: str
    sha256: str
    n_rows: int
    n_live: int
    n_bytes: int
    ids_tell_day: bool
    archived_at: datetime
    verified_at: datetime | None
    dropped_at: datetime | None


def days_told_by(prediction_id: UUID) -> set[date]:
    """The UTC days that a decision may be of by its id: two around midnight, none for an id without a moment."""
    moment = moment_of(prediction_id)
    return set() if moment is None else {(moment + lead).date() for lead in (-ID_LEAD, ID_LEAD)}


def days_of(connection: Connection, prediction_id: UUID) -> list[ArchivedDay]:
    """Dropped days that may hold a decision: by its UUIDv7 the one of its moment, else those that ids do not tell."""
    told = sorted(days_told_by(prediction_id))
    return states(connection, "WHERE dropped_at IS NOT NULL AND (day = ANY(%s) OR NOT ids_tell_day)", told)


def moment_of(prediction_id: UUID) -> datetime | None:
    """When a UUIDv7 was made, to the millisecond; None for an id of another kind."""
    if prediction_id.version != 7:  # noqa: PLR2004  # RFC 9562
        return None
    try:
        return datetime.fromtimestamp((prediction_id.int >> 80) / 1000, tz=UTC)
    except (ValueError, OverflowError):
        # A moment that no calendar has.
        return None


def dropped_days(connection: Connection, first: date = date.min, last: date = date.max) -> list[ArchivedDay]:
    """Days whose partition is gone, in order."""
    return states(connection, "WHERE dropped_at IS NOT NULL AND day BETWEEN %s AND %s", first, last)


def state_of(connection: Connection, day: date) -> ArchivedDay | None:
    """The archived day, or None."""
    found = states(connection, "WHERE day = %s", day)
    return found[0] if found else None


def states(connection: Connection, where: str = "", *parameters: object) -> list[ArchivedDay]:
    """The archived days, or those of a WHERE clause, in order."""
    return [ArchivedDay(*row) for row in connection.execute(f"{_STATE} {where} ORDER BY day", parameters).fetchall()]


def ids_tell(prediction_ids: Iterable[UUID], start: datetime, end: datetime) -> bool:
    """Whether every id is a UUIDv7 that was made between two moments, or just beside."""
    moments = map(moment_of, prediction_ids)
    return all(moment is not None and start - ID_LEAD <= moment < end + ID_LEAD for moment in moments)
