"""The log shipper, made up: what Fluentd does where it runs, for a service that writes its log into a file.

Here: whole lines in chunks, to `POST /internal/logs`, and the position up to which they were delivered. Keep out: what
becomes of a line (`serving.log_intake`).

The intake knows a chunk by its bytes. The bounds of a chunk are therefore on disk before it is sent: after a crash or
a lost answer the same bytes go again, and are stored once. Lines carry their time: no two chunks are alike by chance.
"""

import gzip
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx
import orjson

from simulation.posting import posted

# As deploy/fluentd sets them: the intake takes 16 MiB and 100,000 lines.
MOST_BYTES = 4 * 2**20
MOST_LINES = 50_000
TIMEOUT_S = 30.0
# A delivery is a request, which is a line: left in, each delivery would bring about the next.
OWN_ROUTE = "/internal/logs"


@dataclass
class Shipped:
    """What the service did with the lines; received = stored + repeated."""

    chunks: int = 0
    stored: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class Position:
    """How far a file was delivered, in bytes.

    Attributes:
        delivered: everything before it has arrived.
        under_way: the end of the chunk that was sent last, until its arrival is known.
    """

    delivered: int = 0
    under_way: int | None = None

    @classmethod
    def read(cls, file: Path) -> "Position":
        """The stored one; the beginning before the first delivery."""
        return cls(**orjson.loads(file.read_bytes())) if file.exists() else cls()

    def store(self, file: Path) -> None:
        """Replace the stored one in one step."""
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        beside.write_bytes(orjson.dumps(self))
        beside.replace(file)


def ship(log: Path, position: Path, url: str, *, key: str | None = None, at_once: int = MOST_BYTES) -> Shipped:
    """Deliver the whole lines that came since the last time.

    Args:
        log: file that lines are appended to; one that is shorter than what was delivered was begun anew.
        position: file that keeps the place.
        url: of the scoring service.
        key: with the role admin; None where the service asks for none.
        at_once: bytes of a chunk at most.

    Raises:
        UnavailableError: nothing answers there, or the service refuses a chunk; says why. The next call goes on with
            the same chunk.
    """
    done = Shipped()
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    headers |= {} if key is None else {"X-API-Key": key}
    at = Position.read(position)
    if max(at.delivered, at.under_way or 0) > log.stat().st_size:
        at = Position()
    with log.open("rb") as file, httpx.Client(base_url=url, timeout=TIMEOUT_S, headers=headers) as client:
        while chunk := _next_chunk(file, at, at_once):
            end = at.delivered + len(chunk)
            Position(at.delivered, under_way=end).store(position)
            if lines := b"".join(line for line in chunk.splitlines(keepends=True) if not _is_own(line)):
                # Without the time of packing: the same lines are the same bytes.
                answer = posted(client, OWN_ROUTE, content=gzip.compress(lines, mtime=0))
                done.chunks += 1
                done.stored += answer["stored"]
                done.repeated += answer["repeated"]
            at = Position(end)
            at.store(position)
    return done


def _next_chunk(file: BinaryIO, at: Position, at_once: int) -> bytes:
    """What was under way, or whole lines behind what was delivered; a line that is still being written waits."""
    file.seek(at.delivered)
    if at.under_way is not None:
        return file.read(at.under_way - at.delivered)
    found = file.read(at_once)
    lines = found.splitlines(keepends=True)[:MOST_LINES]
    if lines and not lines[-1].endswith(b"\n"):
        # A line longer than a chunk goes in pieces.
        lines = lines[:-1] or (lines if len(found) == at_once else [])
    return b"".join(lines)


def _is_own(line: bytes) -> bool:
    """Whether a line tells of a delivery that went well."""
    if OWN_ROUTE.encode() not in line:
        return False
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(fields, dict) and fields.get("route") == OWN_ROUTE and fields.get("status") == HTTPStatus.OK
