"""Erasure: a client leaves the decisions that were made on it; that they were made, and how they came out, stays.

Here: where a client may be found (log, archive, online features, the outcomes that models were trained on, files of
the service on this machine), and taking
it out of each. What stays of a decision: its id, moment, probability, threshold, decision, model version, and the
codes of its reasons; nothing names the client, and a hash of its id would, because there are few enough ids to try
them all. Keep out: the raw tables and what is trained on them; they follow the lender's own files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pyarrow.parquet as pq
from psycopg import sql

from resources.archived_days import ArchivedDay, state_of
from resources.database import Database
from resources.decision_archive import DecisionArchive
from resources.decision_table import count_client, union, without_client
from resources.decision_window import day_bounds
from resources.lake import Lake

if TYPE_CHECKING:
    import pandas as pd

# How files of the service end, a decision a line: those that it writes and ships, and those that it set aside because
# nobody could read them or PostgreSQL would not take them.
LINES = ("*.jsonl",)
SET_ASIDE = ("*.unreadable", "*.refused")

# Which decisions a model was trained on, with their clients: `credit_assets.training_rows` writes them.
TRAINED_ON = re.compile(r"models/[^/]+/outcomes\.parquet")

_LIVE = """
SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM credit.decisions WHERE sk_id_curr = %s GROUP BY 1 ORDER BY 1
"""
# Arrays keep their length: whoever reads a window still finds all rows of one size.
_ERASE = """
UPDATE credit.decisions SET
    sk_id_curr = NULL, erased_at = %s, n_features_missing = NULL,
    numbers = array_fill(NULL::float8, ARRAY[cardinality(numbers)]),
    texts = array_fill(NULL::text, ARRAY[cardinality(texts)]),
    reasons = COALESCE((SELECT jsonb_agg(jsonb_build_object('code', given -> 'code') ORDER BY place)
                        FROM jsonb_array_elements(reasons) WITH ORDINALITY AS given_reasons (given, place)), '[]')
WHERE sk_id_curr = %s AND created_at >= %s AND created_at < %s
RETURNING prediction_id
"""
_RELATIONS = """
SELECT DISTINCT relation FROM credit.online_feature_loads
WHERE to_regclass('credit.' || quote_ident(relation)) IS NOT NULL
"""
_NOTE = """
INSERT INTO credit.erasures (erased_by, n_decisions, n_archived, n_files, n_online, n_answers)
VALUES (%s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Found:
    """Where a client is.

    Attributes:
        live: decisions in PostgreSQL by day.
        archived: decisions in the file of each archived day.
        online: rows of online features.
        trained_on: decisions on the client in the file of each model that learnt from their outcomes.
        answers: lines of what the service answered lately or set aside, on this machine, by file.
        waiting: decisions that wait in journals on this machine, by file. They come to PostgreSQL later.
    """

    live: Mapping[date, int] = field(default_factory=dict)
    archived: Mapping[ArchivedDay, int] = field(default_factory=dict)
    online: int = 0
    trained_on: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[Path, int] = field(default_factory=dict)
    waiting: Mapping[Path, int] = field(default_factory=dict)

    @property
    def n_decisions(self) -> int:
        """Decisions on record, each once: those of dropped days are in files alone."""
        return sum(self.live.values()) + sum(n for state, n in self.archived.items() if state.dropped_at is not None)

    @property
    def days(self) -> list[date]:
        """Days of its decisions."""
        return sorted({*self.live, *(state.day for state in self.archived)})

    @property
    def anything(self) -> bool:
        """Whether there is anything to erase."""
        return bool(self.days or self.online or self.trained_on or self.answers)


class Eraser:
    """Finds and erases one client at a time.

    Args:
        archive: of the decisions, with their database.
        journal_dir: where decisions of this machine's services wait.
        answers_dir: where its services keep recent answers.
    """

    def __init__(self, archive: DecisionArchive, journal_dir: Path, answers_dir: Path) -> None:
        self._archive = archive
        self._journal_dir = journal_dir
        self._answers_dir = answers_dir

    def find(self, sk_id_curr: int) -> Found:
        """Where the client is. Reads all of the log, and of every archived file one column."""
        with self._archive.database.connect() as connection:
            live: dict[date, int] = dict(connection.execute(_LIVE, [sk_id_curr]).fetchall())
        held = {state: self._archive.count_client(state, sk_id_curr) for state in self._archive.archived()}
        return Found(
            live,
            {state: n for state, n in held.items() if n},
            _online(self._archive.database, sk_id_curr, sql.SQL("SELECT 1 FROM {} WHERE sk_id_curr = %s")),
            dict(_trained_on(self._archive.lake, sk_id_curr)),
            dict(_lines(self._answers_dir, LINES, sk_id_curr)) | dict(_lines(self._journal_dir, SET_ASIDE, sk_id_curr)),
            dict(_lines(self._journal_dir, LINES, sk_id_curr)),
        )

    def erase(self, sk_id_curr: int, found: Found, *, by: str) -> None:
        """Erase what was found. Stopped half way, it is completed by finding and erasing again.

        Raises:
            DecisionError: a file could not be written anew; the days before it are done.
            UnavailableError: database or lake do not answer.
        """
        moment = datetime.now(UTC)
        for day in found.days:
            self._erase_day(day, sk_id_curr, moment)
        database = self._archive.database
        _online(database, sk_id_curr, sql.SQL("DELETE FROM {} WHERE sk_id_curr = %s"))
        for name in found.trained_on:
            _forget_client(self._archive.lake, name, sk_id_curr)
        for file in found.answers:
            _blank(file, sk_id_curr)
        with database.connect() as connection:
            n_archived, n_answers = sum(found.archived.values()), sum(found.answers.values())
            n_files = len(found.archived) + len(found.trained_on)
            numbers = (found.n_decisions, n_archived, n_files, found.online, n_answers)
            connection.execute(_NOTE, [by, *numbers])
        _vacuum(database, found.live)

    def _erase_day(self, day: date, sk_id_curr: int, moment: datetime) -> None:
        with self._archive.locked(day) as connection:
            with self._archive.database.connect() as beside:
                erased = beside.execute(_ERASE, [moment, sk_id_curr, *day_bounds(day)]).fetchall()
                # A retry with its key would be answered with what is gone.
                beside.execute(
                    "DELETE FROM credit.idempotency_keys WHERE prediction_id = ANY(%s)", [[row[0] for row in erased]]
                )
            state = state_of(connection, day)
            if state is None:
                return
            rows = self._archive.file(state)
            if not (erased or count_client(rows, sk_id_curr)):
                return
            # The rows of PostgreSQL go before those of the file, and are erased by now.
            rows = union(without_client(rows, sk_id_curr, moment), self._archive.live(day))
            self._archive.replace(connection, day, rows, state, n_live=state.n_live)


def _online(database: Database, sk_id_curr: int, statement: sql.SQL) -> int:
    with database.connect() as connection:
        relations = [row[0] for row in connection.execute(_RELATIONS)]
        return sum(
            connection.execute(statement.format(sql.Identifier("credit", relation)), [sk_id_curr]).rowcount
            for relation in relations
        )


def _trained_on(lake: Lake, sk_id_curr: int) -> Iterator[tuple[str, int]]:
    for file in lake.files("models"):
        if TRAINED_ON.fullmatch(file.name):
            with lake.opened(file.name) as content:
                names = pq.read_schema(content).names
            # Files of an older version name no clients.
            if "SK_ID_CURR" in names and (n := _of(lake.read_frame(file.name, ["SK_ID_CURR"]), sk_id_curr).sum()):
                yield file.name, int(n)


def _forget_client(lake: Lake, name: str, sk_id_curr: int) -> None:
    """The decisions stay, as those that the model knows the outcomes of."""
    frame = lake.read_frame(name)
    clients = frame["SK_ID_CURR"].astype("Int64").mask(_of(frame, sk_id_curr))
    lake.write_frame(name, frame.assign(SK_ID_CURR=clients))


def _of(frame: "pd.DataFrame", sk_id_curr: int) -> "pd.Series[bool]":
    return frame["SK_ID_CURR"].eq(sk_id_curr).fillna(False)  # noqa: FBT003  # the value of a missing one


def _vacuum(database: Database, days: Mapping[date, int]) -> None:
    """Let the old rows go from the pages, where they would lie until the next vacuum."""
    with database.connect(autocommit=True) as connection:
        for month in sorted({f"{day:%Y_%m}" for day in days}):
            # Gone meanwhile: then so are the rows.
            with suppress(psycopg.errors.UndefinedTable):
                partition = sql.Identifier("credit", f"decisions_{month}")
                connection.execute(sql.SQL("VACUUM (TRUNCATE false) {}").format(partition))


def _of_client(sk_id_curr: int) -> "re.Pattern[bytes]":
    return re.compile(rb'"sk_id_curr":%d[,}]' % sk_id_curr)


def _lines(folder: Path, kinds: Sequence[str], sk_id_curr: int) -> Iterator[tuple[Path, int]]:
    """Files of a folder with lines of the client, and how many."""
    pattern = _of_client(sk_id_curr)
    for file in sorted(file for kind in kinds for file in folder.glob(kind)):
        # Shipped and removed since the folder was listed.
        with suppress(FileNotFoundError), file.open("rb") as lines:
            if n := sum(pattern.search(line) is not None for line in lines):
                yield file, n


def _blank(file: Path, sk_id_curr: int) -> None:
    """Write spaces over the lines of the client: other lines stay where readers know them to be."""
    pattern = _of_client(sk_id_curr)
    with suppress(FileNotFoundError), file.open("r+b") as lines:
        position = 0
        for line in lines.readlines():
            if pattern.search(line):
                lines.seek(position)
                lines.write(b" " * len(line.rstrip(b"\n")))
            position += len(line)
