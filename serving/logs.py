"""Logs: one JSON object a line on standard output, from the service and from its libraries.

Here: the configuration, called once by each process. Keep out: personal data: `SK_ID_CURR`
and features are never logged; `prediction_id` leads to them for who may see them.
"""

import logging
import os
import sys
from typing import Any, TextIO

import orjson
import structlog

# Libraries that tell at INFO what nobody acts on. MLflow repeats a stack trace every two
# seconds for as long as its database is away; `live_model` says it once.
QUIET = {
    "alembic": logging.WARNING,
    "botocore": logging.WARNING,
    "httpx": logging.WARNING,
    "mlflow": logging.CRITICAL,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.WARNING,
}

# What a pipe takes in one piece on Linux (PIPE_BUF): longer lines of several workers would mix.
MAX_LINE_BYTES = 4096

# Of a line that is too long: what says which line it was.
KEPT = frozenset({"timestamp", "level", "event", "logger", "worker", "request_id"})

# Local variables hold applications.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


class WholeLines:
    """Writes each line with one system call, so that lines of several processes stay apart.

    Args:
        stream: whose file is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._file = stream.fileno()

    def write(self, line: str) -> None:
        """Write one line with its end."""
        left = line.encode()
        while left:
            left = left[os.write(self._file, left) :]

    def flush(self) -> None:
        """Nothing waits."""


def configure_logs(*, worker: int | None = None) -> None:
    """Send everything to standard output as JSON; each line names the worker, where there are several."""

    def name_worker(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:  # noqa: ANN401 - structlog's own signature
        return event if worker is None else {**event, "worker": worker}

    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        name_worker,
    ]
    output: Any = WholeLines(sys.stdout)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=to_line)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    # One write a line: the end of the line goes with it.
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(serializer=to_line),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def to_line(event: Any, **_: Any) -> str:  # noqa: ANN401 - structlog's own signature
    """The event as JSON, cut where it would not fit into one line of `MAX_LINE_BYTES` with its end."""
    line = orjson.dumps(event, default=str)
    if len(line) < MAX_LINE_BYTES:
        return line.decode()
    head = {
        name: event[name] if isinstance(event[name], int) else str(event[name])[:200] for name in KEPT & event.keys()
    }
    text = line.decode()
    while len(line) >= MAX_LINE_BYTES:
        # Escaped once more it grows again: halve it until it fits.
        text = text[: len(text) // 2]
        line = orjson.dumps({**head, "cut": text})
    return line.decode()
