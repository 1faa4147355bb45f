"""`make bench-log`: decisions of one day from the prediction log into a matrix, against readers through JSON.

Here: a real PostgreSQL for the time of the run, filled in the way of the service, and four ways to read a day of
420 features, a quarter of them missing. Readers through JSON take a share of the rows, because they take minutes;
figures are by 100,000 rows. Keep out: what is done with a day (`backfill`).
"""

import argparse
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import psutil
from uuid_utils.compat import uuid7

from benchmarks.portfolios import CACHE
from resources import embedded_postgres, schema
from resources.archived_days import ArchivedDay
from resources.database import Database
from resources.decision_archive import DecisionArchive
from resources.decision_table import frame_of
from resources.lake import Lake
from resources.prediction_log import DecisionRecord, FeatureNames, PredictionLog, day_bounds, insert_decisions
from resources.settings import ENV_FILE

NAMES = FeatureNames(tuple(f"NUMBER_{i}" for i in range(404)), tuple(f"TEXT_{i}" for i in range(16)))
MISSING = 0.25
LEVELS = 7
DAY = date(2026, 3, 5)
DECISIONS = 100_000
ROWS_AT_ONCE = 1_000
REPETITIONS = 3
SETTLE_S = 0.2
# Of the rows, for readers through JSON: enough that what is the same for any number of rows does not count.
SHARE_THROUGH_JSON = 0.05


@contextmanager
def filled(n: int) -> Iterator[DecisionArchive]:
    """A database with a day of `n` decisions, and its archive; nothing of it remains."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # On the disk of the checkout, not in a /tmp that may be memory.
    home = Path(tempfile.mkdtemp(prefix="log-home-", dir=CACHE))
    # PostgreSQL runs as a user of its own where the benchmark runs as root.
    home.chmod(0o755)
    try:
        database = Database(embedded_postgres.attach(home / "postgres"))
        schema.upgrade(database, DAY)
        _fill(database, n)
        yield DecisionArchive(database, Lake(str(home / "lake")))
    finally:
        embedded_postgres.stop(home / "postgres")
        shutil.rmtree(home, ignore_errors=True)


def _fill(database: Database, n: int) -> None:
    rng = np.random.default_rng(0)
    with database.connect(autocommit=True) as connection:
        for first in range(0, n, ROWS_AT_ONCE):
            n_rows = min(ROWS_AT_ONCE, n - first)
            values = rng.normal(size=(n_rows, len(NAMES.numbers)))
            values[rng.random(values.shape) < MISSING] = np.nan
            levels = rng.integers(LEVELS, size=(n_rows, len(NAMES.texts)))
            rows = zip(values.tolist(), levels.tolist(), strict=True)
            step = timedelta(days=1) / n
            insert_decisions(
                connection, [_decision(*row, day_bounds(DAY)[0] + (first + i) * step) for i, row in enumerate(rows)]
            )
        connection.execute("VACUUM ANALYZE credit.decisions")


def _decision(numbers: list[float], levels: list[int], moment: datetime) -> DecisionRecord:
    known = zip(NAMES.numbers, numbers, strict=True)
    features: dict[str, object] = {name: value for name, value in known if not math.isnan(value)}
    features |= {name: f"level {level}" for name, level in zip(NAMES.texts, levels, strict=True)}
    return DecisionRecord(
        prediction_id=uuid7(),
        created_at=moment.astimezone(UTC),
        sk_id_curr=100_001,
        probability=0.1,
        prediction=0,
        decision="APPROVED",
        threshold=0.2,
        model_version="1",
        inference_time_ms=0.3,
        n_features_missing=len(NAMES.numbers) - len(features) + len(NAMES.texts),
        features=features,
        feature_names=NAMES,
    )


def through_jsonb(database: Database, n: int) -> pd.DataFrame:
    """The usual way: the JSONB column, parsed by the driver, a frame of dictionaries."""
    query = "SELECT features FROM credit.predictions WHERE created_at >= %s AND created_at < %s LIMIT %s"
    with database.connect() as connection:
        return pd.DataFrame([row[0] for row in connection.execute(query, [*day_bounds(DAY), n])])


def through_text(database: Database, n: int) -> pd.DataFrame:
    """The same with the fastest parser of JSON in Python."""
    query = "SELECT features::text FROM credit.predictions WHERE created_at >= %s AND created_at < %s LIMIT %s"
    with database.connect() as connection:
        return pd.DataFrame([orjson.loads(row[0]) for row in connection.execute(query, [*day_bounds(DAY), n])])


def run(n: int) -> None:
    """Print the comparison."""
    print(f"{n:,} decisions of {len(NAMES.numbers)} numbers and {len(NAMES.texts)} texts, best of {REPETITIONS}")
    with filled(n) as archive:
        log, few = PredictionLog(archive.database), max(1, round(n * SHARE_THROUGH_JSON))
        state = archive.archive(DAY)
        assert state is not None
        sides: dict[str, tuple[int, Callable[[], pd.DataFrame]]] = {
            "PredictionLog.features_of": (n, partial(log.features_of, DAY)),
            "the same day from its file in the lake": (n, partial(_archived, archive, state)),
            "JSONB text and orjson": (few, partial(through_text, archive.database, few)),
            "JSONB through the driver": (few, partial(through_jsonb, archive.database, few)),
        }
        for name, (n_rows, read) in sides.items():
            shape = read().shape
            if shape != (n_rows, len(NAMES.numbers) + len(NAMES.texts)):
                print(f"{name}: read {shape}; not measured")
                return
        costs = {name: _Cost(rows) for name, (rows, _) in sides.items()}
        # In turn, so that a busy moment hits all.
        for name in list(sides) * REPETITIONS:
            costs[name].add(sides[name][1], archive.database)
    ours = costs["PredictionLog.features_of"]
    print(f"by {DECISIONS:,} decisions:")
    for name, cost in costs.items():
        print(
            f"{name:<40} {cost.wall:8.2f} s {cost.wall / ours.wall:7.2f} x"
            f" {cost.cpu:8.2f} CPU-s {cost.cpu / ours.cpu:7.2f} x   measured on {cost.rows:,}"
        )


class _Cost:
    """Least seconds of one side, by 100,000 decisions: of the clock, and of all processors, PostgreSQL's too."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.wall = self.cpu = float("inf")

    def add(self, read: Callable[[], object], database: Database) -> None:
        """Measure once more."""
        wall, cpu = time.perf_counter(), _cpu(database)
        read()
        wall = time.perf_counter() - wall
        # Its processes end with their connections; what they took counts when they have ended.
        time.sleep(SETTLE_S)
        by_all = DECISIONS / self.rows
        self.wall = min(self.wall, wall * by_all)
        self.cpu = min(self.cpu, (_cpu(database) - cpu) * by_all)


def _cpu(database: Database) -> float:
    """CPU seconds of this process, and of all processes of the server that have ended."""
    with database.connect() as connection:
        # A process of the server is a child of the one that started it all.
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    assert postmaster is not None
    times = postmaster.cpu_times()
    return time.process_time() + times.children_user + times.children_system


def _archived(archive: DecisionArchive, state: ArchivedDay) -> pd.DataFrame:
    return frame_of(archive.file(state))


if __name__ == "__main__":
    os.environ[ENV_FILE] = ""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--decisions", type=int, default=DECISIONS, help="of the day")
    run(parser.parse_args().decisions)
