"""The features of the decisions of a day or a range as frames, without a JSON document or a number as text.

Here: which decisions are read together, and over how many connections: a large window is read over two that
see the same moment. Keep out: the wire (`decision_window`), single decisions (`prediction_log`), archived
days (`decision_archive`), and writing (`decision_rows`).
"""

from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pandas as pd
import psycopg

from resources.database import Connection, Database
from resources.decision_window import Window, day_bounds

# Days of a range are read together up to so many decisions: 170 MB of 420 features.
DECISIONS_AT_ONCE = 50_000

# A second connection and its process on the server cost 10 ms, what 500 decisions take.
DECISIONS_FOR_TWO = 5_000

_COUNT = "SELECT count(*) FROM credit.decisions WHERE created_at >= %(start)s AND created_at < %(end)s"
_DAYS = """
SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM credit.decisions
WHERE created_at >= %(start)s AND created_at < %(end)s GROUP BY 1 ORDER BY 1
"""
_MIDDLE = """
SELECT created_at FROM credit.decisions WHERE created_at >= %(start)s AND created_at < %(end)s
ORDER BY created_at OFFSET %(half)s LIMIT 1
"""


def read_features(database: Database, start: datetime | None, end: datetime | None) -> pd.DataFrame:
    """Features of the decisions from `start` to before `end`, in the order of their moments.

    One column a feature of any of their feature sets: float64 for numbers, text or None for
    categories, objects for what is a number in some decisions and text in others. No
    decisions: an empty frame. The frame is of one moment of the log.

    Args:
        database: holds the log.
        start: None is the beginning.
        end: None is the end.
    """
    window = _read(database, {"start": start or "-infinity", "end": end or "infinity"})
    return window.frame(0, window.n_rows)


def read_features_by_day(
    database: Database, first: date, last: date, *, without: Container[date] = ()
) -> Iterator[tuple[date, pd.DataFrame]]:
    """Features of each UTC day from `first` to `last` as `read_features` gives them; days without any are left out.

    Days are read many at a time, not a day at a time; no more than some 50,000 decisions, or one
    day, are in memory.
    """
    counts = {day: n for day, n in count_by_day(database, first, last).items() if day not in without}
    for days in _batches(counts):
        window = _read(database, {"start": day_bounds(days[0])[0], "end": day_bounds(days[-1])[1]})
        for day in days:
            rows = window.rows_of(day)
            # None left: the day was archived and dropped since it was counted.
            if len(rows):
                yield day, window.frame(rows.start, rows.stop)


def count_by_day(database: Database, first: date, last: date) -> dict[date, int]:
    """Decisions of each UTC day from `first` to `last` in PostgreSQL; days without any are left out."""
    with database.connect() as connection:
        bounds = {"start": day_bounds(first)[0], "end": day_bounds(last)[1]}
        return dict(connection.execute(_DAYS, bounds).fetchall())


def _batches(counts: Mapping[date, int]) -> Iterator[list[date]]:
    batch: list[date] = []
    n_decisions = 0
    for day, n in counts.items():
        if batch and n_decisions + n > DECISIONS_AT_ONCE:
            yield batch
            batch, n_decisions = [], 0
        batch.append(day)
        n_decisions += n
    if batch:
        yield batch


def window_of(connection: Connection, start: datetime, end: datetime) -> Window:
    """The decisions from `start` to before `end`, on a connection of `of_one_moment`."""
    bounds = {"start": start, "end": end}
    window = Window(_number(connection, _COUNT, bounds))
    window.fill(connection, bounds, first=0)
    window.names_from(connection)
    return window


def _read(database: Database, bounds: Mapping[str, Any]) -> Window:
    """The decisions between two moments, by one connection or two."""
    with of_one_moment(database) as connection:
        window = Window(_number(connection, _COUNT, bounds))
        if window.n_rows < DECISIONS_FOR_TWO:
            window.fill(connection, bounds, first=0)
        else:
            _read_halves(database, connection, bounds, window)
        window.names_from(connection)
    return window


def _read_halves(database: Database, connection: Connection, bounds: Mapping[str, Any], window: Window) -> None:
    row = connection.execute(_MIDDLE, {**bounds, "half": window.n_rows // 2}).fetchone()
    assert row is not None
    before, after = {**bounds, "end": row[0]}, {**bounds, "start": row[0]}
    n_before = _number(connection, _COUNT, before)
    exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert exported is not None

    def read_the_first() -> None:
        with of_one_moment(database) as beside:
            # The name is the server's own, and takes no parameter.
            beside.execute(f"SET TRANSACTION SNAPSHOT '{exported[0]}'")
            window.fill(beside, before, first=0)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(read_the_first)
        window.fill(connection, after, first=n_before)
        first.result()


@contextmanager
def of_one_moment(database: Database) -> Iterator[Connection]:
    """A connection whose statements all see the log as it is at the first of them."""
    with database.connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def _number(connection: Connection, query: str, bounds: Mapping[str, Any]) -> int:
    row = connection.execute(query, bounds).fetchone()
    return int(row[0]) if row else 0
