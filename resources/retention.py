"""Retention: old months of decisions leave PostgreSQL once the lake holds every day of them.

Here: which monthly partitions may go, and dropping them. Outcomes, reports and feature sets stay: they are small,
and what was decided is still found through the archive. Keep out: writing the archive (`decision_archive`).
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql

from resources.archived_days import ArchivedDay
from resources.database import Connection
from resources.decision_archive import LOCK, DecisionArchive

PARTITION = re.compile(r"decisions_(\d{4})_(\d{2})")

# While a drop waits for readers, decisions wait behind it: shortly, and then they go first again.
LOCK_TIMEOUT_MS = 100
PAUSE_S = 0.5
ATTEMPTS = 20

_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'credit.decisions'::regclass ORDER BY 1
"""
_DAYS = "SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM {} GROUP BY 1 ORDER BY 1"


@dataclass(frozen=True)
class Retained:
    """What a look at the old partitions did.

    Attributes:
        dropped: decisions of each partition that went, by name.
        kept: why an old partition stayed, by name.
    """

    dropped: Mapping[str, int]
    kept: Mapping[str, str]


def drop_old_partitions(archive: DecisionArchive, today: date, months: int) -> Retained:
    """Drop the monthly partitions that ended `months` whole months or more before this one, and are archived.

    A partition goes when each of its days with decisions has a verified file in the lake that holds as many
    decisions as the partition does; otherwise it stays, whatever its age. Safe beside a service that writes.
    """
    dropped: dict[str, int] = {}
    kept: dict[str, str] = {}
    for name in _older_than(archive, _months_before(today, months)):
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_S)
            try:
                outcome = _drop(archive, name)
            except psycopg.errors.LockNotAvailable:
                outcome = "transactions that read or write decisions did not end"
                continue
            break
        if isinstance(outcome, int):
            dropped[name] = outcome
        else:
            kept[name] = outcome
    return Retained(dropped, kept)


def _older_than(archive: DecisionArchive, month: date) -> list[str]:
    with archive.database.connect() as connection:
        names = [name for (name,) in connection.execute(_PARTITIONS)]
    found = {name: PARTITION.fullmatch(name) for name in names}
    return [name for name, match in found.items() if match and date(int(match[1]), int(match[2]), 1) < month]


def _drop(archive: DecisionArchive, name: str) -> int | str:
    """Drop one partition; how many decisions it had, or why it stays."""
    table = sql.Identifier("credit", name)
    with archive.database.connect() as connection:
        counts: dict[date, int] = dict(connection.execute(sql.SQL(_DAYS).format(table)).fetchall())
        states = {state.day: state for state in archive.archived()}
        wanting = [day for day, n in counts.items() if not _holds(archive, states.get(day), n)]
        if wanting:
            shown = ", ".join(map(str, wanting[:5]))
            return f"{len(wanting)} days are not in the archive as they are here: {shown}"
        for day in counts:
            connection.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [LOCK, day.toordinal()])
        connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.execute("LOCK TABLE credit.decisions IN ACCESS EXCLUSIVE MODE")
        if not _still(connection, table, states, counts):
            return "decisions came in the meantime"
        connection.execute(
            "UPDATE credit.decision_archives SET dropped_at = %s, n_live = 0 WHERE day = ANY(%s)",
            [datetime.now(UTC), list(counts)],
        )
        connection.execute(sql.SQL("DROP TABLE {}").format(table))
    return sum(counts.values())


def _still(
    connection: Connection, table: sql.Identifier, states: Mapping[date, ArchivedDay], counts: Mapping[date, int]
) -> bool:
    """Whether partition and archive, which nobody can change now, are as they were found."""
    held = "SELECT day, sha256 FROM credit.decision_archives WHERE day = ANY(%s)"
    digests: dict[date, str] = dict(connection.execute(held, [list(counts)]).fetchall())
    return counts == dict(connection.execute(sql.SQL(_DAYS).format(table)).fetchall()) and digests == {
        day: states[day].sha256 for day in counts
    }


def _holds(archive: DecisionArchive, state: ArchivedDay | None, n: int) -> bool:
    return state is not None and state.verified_at is not None and state.n_live == n and archive.is_there(state)


def _months_before(today: date, months: int) -> date:
    month = today.replace(day=1)
    for _ in range(months):
        month = (month - timedelta(days=1)).replace(day=1)
    return month
