"""Log lines that a shipper delivered: stored in `api_logs` once, however often they are delivered.

Here: writing, and forgetting old lines. Keep out: the formats that lines arrive in (`serving.log_intake`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from resources.database import Connection, Database

# Apart and then over: one line that is there already would abort a COPY into the table itself.
_APART = """
CREATE TEMPORARY TABLE api_logs_delivered (
    log_id uuid, "timestamp" timestamptz, level text, event text, message text, extra jsonb
) ON COMMIT DROP
"""
_OVER = """
INSERT INTO credit.api_logs (log_id, "timestamp", level, event, message, extra)
SELECT log_id, "timestamp", level, event, message, extra FROM api_logs_delivered
ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM credit.api_logs WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM credit.api_logs WHERE "timestamp" < %s LIMIT %s))
"""

# A tenth of a second's work.
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; what has no column of its own is in `extra`."""

    log_id: UUID
    timestamp: datetime
    level: str | None
    event: str | None
    message: str | None
    extra: Mapping[str, Any]


def log_id_of(chunk_sha256: bytes, position: int) -> UUID:
    """The identity of a line: the chunk that it came in, and where.

    A shipper delivers at least once and repeats a whole chunk, byte for byte. A hash of the
    line alone would also swallow lines that are alike and happened twice.
    """
    hashed = hashlib.sha256(chunk_sha256 + position.to_bytes(8)).digest()
    # Version 8 of RFC 9562: the bits are ours.
    return UUID(int=int.from_bytes(hashed[:16]) & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62))


def store_log_lines(connection: Connection, lines: Sequence[LogLine]) -> int:
    """Store lines in one transaction. Returns how many were new."""
    with connection.transaction():
        connection.execute(_APART)
        columns = 'api_logs_delivered (log_id, "timestamp", level, event, message, extra)'
        with connection.cursor().copy(f"COPY {columns} FROM STDIN") as copy:
            for line in lines:
                extra = orjson.dumps(line.extra).decode()
                copy.write_row((line.log_id, line.timestamp, line.level, line.event, line.message, extra))
        return connection.execute(_OVER).rowcount


def forget_log_lines(database: Database, before: datetime) -> int:
    """Forget lines older than a moment, some at a time so that deliveries go on beside it. Returns how many."""
    forgotten = 0
    with database.connect() as connection:
        while n := connection.execute(_FORGET, [before, AT_ONCE]).rowcount:
            connection.commit()
            forgotten += n
    return forgotten
