"""POST /internal/logs: what a log shipper (Fluentd) delivers, stored once.

Here: the route, and lines from JSON in the three forms that shippers send. Keep out: the
table (`resources.api_logs`), and the service's own logging (`logs`).

Tolerant where the rest of the service is strict: a line is evidence even when its writer was
killed in the middle of it, so what cannot be parsed is kept as text.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from resources.api_logs import LogLine, log_id_of, store_log_lines
from serving.body import encoding_of, inflate, read_body
from serving.keys import AdminKey
from serving.parts import PartsOf
from serving.problem_documents import READING, problems
from serving.problems import RequestError

router = APIRouter()

# Fluentd's chunks are 8 MB by default; the same limit holds for what a gzip body unfolds to.
MAX_BYTES = 16 * 1024 * 1024
# Lines of 160 bytes; a chunk of more and shorter ones is no log of ours.
MAX_LINES = 100_000
# A traceback is some kilobytes; of a longer line the beginning is kept.
MAX_LINE_BYTES = 256 * 1024

MEDIA_TYPES = ("application/json", "application/x-ndjson", "application/jsonl")

# What writers call the same thing, in the order of preference.
_TIMESTAMP = ("timestamp", "time", "@timestamp", "ts")
_LEVEL = ("level", "severity", "levelname")
_EVENT = ("event",)
_MESSAGE = ("message", "msg", "log")

# Seconds since 1970 until the year 2200; more is milliseconds or no time at all.
_MAX_EPOCH_S = 7_258_118_400

# No JSON; or JSON that can be read but not written, because it is nested deeper than 254 levels.
_NOT_STORABLE = (orjson.JSONDecodeError, orjson.JSONEncodeError)

_DESCRIPTION = f"""
One JSON object, an array of objects, or newline-delimited JSON; gzip (`Content-Encoding: gzip`) is accepted.

- At most {MAX_BYTES // 2**20} MiB, after decompression as well, and {MAX_LINES} lines; of a line longer than
  {MAX_LINE_BYTES // 1024} KiB the beginning is kept.
- `timestamp`, `level`, `event` and `message` (or what other writers call them) become columns, the rest `extra`. A
  line without a time gets the time of its arrival.
- A line that is no JSON object is kept as text in `message`, and counted in `unparsed`.
- The same body again is the same chunk: it is `repeated`, and stored once.
"""


class LogsAnswer(BaseModel):
    """What happened to the lines; received = stored + repeated."""

    model_config = ConfigDict(extra="forbid")
    received: int
    stored: int
    repeated: int = Field(description="on record already, from an earlier delivery of the same chunk")
    unparsed: int = Field(description="of those received: kept as text")


_EXAMPLE = {"timestamp": "2026-11-01T12:00:00Z", "level": "info", "event": "request", "status": 200}
_LINES = {"schema": {"type": "string"}, "example": f"{orjson.dumps(_EXAMPLE).decode()}\n"}
_REQUEST = {
    # A chunk without lines is one, and what is no object is kept as text: no type is asked for.
    "required": False,
    "content": {
        "application/json": {
            "schema": {"description": "an object, or an array of objects", "maxItems": MAX_LINES},
            "example": [_EXAMPLE],
        },
        "application/x-ndjson": _LINES,
        "application/jsonl": _LINES,
    },
}


@router.post(
    "/internal/logs",
    summary="Deliver log lines",
    description=_DESCRIPTION,
    response_model=LogsAnswer,
    responses=problems(*READING, "unavailable"),
    openapi_extra={"requestBody": _REQUEST},
)
async def logs(request: Request, _: AdminKey, parts: PartsOf) -> LogsAnswer:
    """All lines of a chunk, or none while the database is away."""
    body = await read_body(request, limit=MAX_BYTES, media_types=MEDIA_TYPES, encodings=("gzip",))
    is_gzip = encoding_of(request) == "gzip"
    # Apart: unfolding and parsing megabytes would hold up every decision.
    lines, unparsed = await asyncio.to_thread(_read, body, is_gzip=is_gzip)
    stored = await parts.side_writer.write(lambda connection: store_log_lines(connection, lines))
    return LogsAnswer(received=len(lines), stored=stored, repeated=len(lines) - stored, unparsed=unparsed)


def read_log_lines(chunk: bytes, received_at: datetime) -> tuple[list[LogLine], int]:
    """The lines of a chunk, and how many of them are kept as text.

    Raises:
        RequestError: 413, too many.
    """
    chunk_sha256 = hashlib.sha256(chunk).digest()
    lines, unparsed = [], 0
    for position, item in enumerate(_items(chunk)):
        if position >= MAX_LINES:
            raise _too_many()
        fields = item if isinstance(item, dict) else {"message": _as_text(item)}
        unparsed += not isinstance(item, dict)
        extra = dict(fields)
        timestamp = _first(extra, _TIMESTAMP, _moment) or received_at
        level, event, message = (_first(extra, names, _text) for names in (_LEVEL, _EVENT, _MESSAGE))
        lines.append(LogLine(log_id_of(chunk_sha256, position), timestamp, level, event, message, extra))
    return lines, unparsed


def _read(body: bytes, *, is_gzip: bool) -> tuple[list[LogLine], int]:
    return read_log_lines(inflate(body, limit=MAX_BYTES) if is_gzip else body, datetime.now(UTC))


def _items(chunk: bytes) -> Iterator[object]:
    """The lines of a chunk: values of JSON, or bytes that are none."""
    if chunk.lstrip()[:1] == b"[":
        try:
            array = list(map(_storable, orjson.loads(chunk)))
        except _NOT_STORABLE:
            # Cut off, or lines of text in brackets.
            pass
        else:
            yield from array
            return
    for line in chunk.splitlines():
        if line.strip():
            yield _parsed(line)


def _parsed(line: bytes) -> object:
    if len(line) > MAX_LINE_BYTES:
        return line[:MAX_LINE_BYTES]
    try:
        return _storable(orjson.loads(line))
    except _NOT_STORABLE:
        return line


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    # JSON may carry U+0000, PostgreSQL's text and jsonb may not.
    return _without_nul(value) if b"\\u0000" in orjson.dumps(value) else value


def _without_nul(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _as_text(item: object) -> str:
    text = item.decode(errors="replace") if isinstance(item, bytes) else orjson.dumps(item).decode()
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MAX_LINE_BYTES]


def _first(fields: dict[str, Any], names: tuple[str, ...], read: Any) -> Any:  # noqa: ANN401 - what `read` makes of it
    """Take the first field that can be read out of the fields; one that cannot stays where it is."""
    for name in names:
        if name in fields and (value := read(fields[name])) is not None:
            del fields[name]
            return value
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            # Without a time zone it is UTC, as containers' clocks are.
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 0 <= moment.timestamp() <= _MAX_EPOCH_S else None


def _too_many() -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-many-lines",
        f"a chunk of more than {MAX_LINES} lines",
        expected=f"{MAX_LINES} lines at most",
        remedy="make the shipper's chunks smaller",
    )
