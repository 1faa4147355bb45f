"""Questions about the service's work: volume and time of decisions, its log lines, who was live."""

from datetime import datetime

import pandas as pd

from dashboard.queries.ask import frame
from resources.database import Connection

# Enough points for the shape, few enough to read.
MOST_POINTS = 120

_LATENCY = """
SELECT date_bin(%(step)s::interval, created_at, '2000-01-01 00:00+00') AS moment,
       date_bin(%(step)s::interval, created_at, '2000-01-01 00:00+00') + %(step)s::interval AS "end",
       count(*)::int AS n,
       (percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY inference_time_ms))::float8[] AS quantiles
FROM credit.decisions WHERE created_at >= %(start)s AND created_at < %(end)s AND model_version NOT LIKE 'import:%%'
GROUP BY 1 ORDER BY 1
"""

_ERRORS = """
SELECT date_bin(%(step)s::interval, "timestamp", '2000-01-01 00:00+00') AS moment,
       lower(level) AS level, count(*)::int AS n
FROM credit.api_logs WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s
  AND lower(level) IN ('warning', 'error', 'critical')
GROUP BY 1, 2 ORDER BY 1, 2
"""

_ANY_LINE = """
SELECT EXISTS (SELECT FROM credit.api_logs WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s)
"""

_LAST_LINES = """
SELECT "timestamp" AS moment, lower(level) AS level, event, left(message, 200) AS message
FROM credit.api_logs WHERE lower(level) IN ('warning', 'error', 'critical')
ORDER BY "timestamp" DESC LIMIT %s
"""

_LIVE = """
SELECT model_version, live_from, live_to, cause, author FROM credit.live_models ORDER BY live_from DESC
"""


def step_of(start: datetime, end: datetime) -> str:
    """The width of a point, of those that people count in, so that there are at most `MOST_POINTS`."""
    seconds = (end - start).total_seconds() / MOST_POINTS
    widths = {60: "1 minute", 300: "5 minutes", 900: "15 minutes", 3600: "1 hour", 21_600: "6 hours", 86_400: "1 day"}
    return next((words for width, words in widths.items() if width >= seconds), "7 days")


def latency(connection: Connection, start: datetime, end: datetime) -> pd.DataFrame:
    """Decisions and quantiles of their scoring time by moment: `moment`, `end`, `n`, `p50`, `p95`, `p99` (ms).

    Imported decisions are left out: another system took their time.
    """
    found = frame(connection, _LATENCY, _span(start, end))
    quantiles = found.pop("quantiles")
    for place, name in enumerate(("p50", "p95", "p99")):
        found[name] = [None if values is None else values[place] for values in quantiles]
    return found.astype(dict.fromkeys(("p50", "p95", "p99"), "float64"))


def errors(connection: Connection, start: datetime, end: datetime) -> pd.DataFrame:
    """Delivered log lines of level warning and worse: `moment`, `level`, `n`."""
    return frame(connection, _ERRORS, _span(start, end))


def any_line(connection: Connection, start: datetime, end: datetime) -> bool:
    """Whether a log line of any level was delivered: without one, no error is no news."""
    row = connection.execute(_ANY_LINE, {"start": start, "end": end}).fetchone()
    return row is not None and bool(row[0])


def last_lines(connection: Connection, n: int) -> pd.DataFrame:
    """The newest of them: `moment`, `level`, `event`, `message`."""
    return frame(connection, _LAST_LINES, [n])


def live_models(connection: Connection) -> pd.DataFrame:
    """Who was live, newest first: `model_version`, `live_from`, `live_to`, `cause`, `author`."""
    return frame(connection, _LIVE)


def _span(start: datetime, end: datetime) -> dict[str, object]:
    return {"start": start, "end": end, "step": step_of(start, end)}
