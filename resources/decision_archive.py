"""Closed days of decisions in the lake: one Parquet file a day, verified before anybody relies on it.

Here: writing a day, the table `credit.decision_archives` that says which file holds it, and reading days whose
partition was dropped. A file's name follows from its rows and its moment, so that it is never written over: a
day that gets late decisions, or loses a client, gets another file, and the old one goes. Keep out: the form of
the rows (`decision_table`), dropping partitions (`retention`), erasing (`erasure`).

    predictions/<day>/<sha256 of the rows, 16 digits>-<8 digits by chance>.parquet
"""

import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.errors import CreditError
from resources.archived_days import ArchivedDay, days_told_by, dropped_days, ids_tell, state_of, states
from resources.database import Connection, Database
from resources.decision_frames import count_by_day, of_one_moment, window_of
from resources.decision_record import DecisionError, DecisionRecord
from resources.decision_table import (
    FEATURES,
    PLAIN,
    count_client,
    digest,
    feature_columns,
    record_of,
    table_of_window,
    union,
)
from resources.decision_window import day_bounds
from resources.lake import Lake

FOLDER = "predictions"

# One decision is read from one group: 4,096 x 420 values are decoded in some 20 ms, and each group adds 50 kB
# to the footer.
ROW_GROUP_ROWS = 4_096

# With the day as its second number, a lock of the day: who archives, drops or erases it does so alone.
LOCK = 730_512


Found = TypeVar("Found")


class DecisionArchive:
    """Days of decisions in the lake."""

    def __init__(self, database: Database, lake: Lake) -> None:
        self.database = database
        self.lake = lake

    def due(self, last: date) -> list[date]:
        """Days up to `last` with decisions that no file holds yet."""
        with self.database.connect() as connection:
            first = connection.execute("SELECT min(created_at) FROM credit.decisions").fetchone()
            known = {state.day: state.n_live for state in states(connection)}
        if first is None or first[0] is None:
            return []
        counts = count_by_day(self.database, first[0].astimezone(UTC).date(), last)
        return [day for day, n in counts.items() if known.get(day) != n]

    def archive(self, day: date) -> ArchivedDay | None:
        """Write a day, read it back, and record it; a day that is archived as it stands is left alone.

        Late decisions of an archived day: the file is written anew with old and new rows. None: no decisions.

        Raises:
            DecisionError: what was read back is not what the database holds; nothing is recorded.
            UnavailableError: database or lake do not answer.
        """
        with self.locked(day) as connection:
            state = state_of(connection, day)
            if state is not None and state.verified_at is not None and state.n_live == _count(connection, day):
                return state
            rows = live = self.live(day)
            if state is not None:
                # What a file holds is never lost, not even to a database that was restored from an older backup.
                rows = union(self.file(state), live)
            # Of the same moment as the rows: one that came since makes the day stale.
            return self.replace(connection, day, rows, state, n_live=live.num_rows)

    def replace(
        self, connection: Connection, day: date, rows: pa.Table, state: ArchivedDay | None, *, n_live: int
    ) -> ArchivedDay | None:
        """Let a file of these rows stand for the day, on the connection that holds the day's lock. It commits."""
        if rows.num_rows == 0:
            return state
        sha256 = digest(rows)
        if state is not None and (state.sha256, state.n_live) == (sha256, n_live) and state.verified_at:
            return state
        address = f"{FOLDER}/{day}/{sha256[:16]}-{uuid.uuid4().hex[:8]}.parquet"
        n_bytes = self._write(address, rows)
        told = ids_tell((UUID(bytes=identity) for identity in rows["prediction_id"].to_pylist()), *day_bounds(day))
        try:
            self._verify(address, rows.num_rows, sha256)
            _record(connection, (day, address, sha256, rows.num_rows, n_live, n_bytes, told))
            connection.commit()
        except BaseException:
            self.lake.remove(address)
            raise
        if state is not None:
            self.lake.remove(state.address)
        return state_of(connection, day)

    @contextmanager
    def locked(self, day: date) -> Iterator[Connection]:
        """A connection that holds the day: nobody else archives, drops or erases it until the transaction ends."""
        with self.database.connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [LOCK, day.toordinal()])
            yield connection

    def dropped(self, first: date, last: date) -> list[ArchivedDay]:
        """Days that PostgreSQL does not hold any more, in order."""
        with self.database.connect() as connection:
            return dropped_days(connection, first, last)

    def archived(self) -> list[ArchivedDay]:
        """All archived days, in order."""
        with self.database.connect() as connection:
            return states(connection)

    def table(self, state: ArchivedDay, *, features: bool = True) -> pa.Table:
        """The decisions of a dropped day, those that came late to PostgreSQL among them."""
        with self.database.connect() as connection:
            n_live = _count(connection, state.day)
        table = self._read(state, columns=None if features else PLAIN.names)
        if not n_live:
            return table
        late = self.live(state.day)
        return union(table, late if features else late.drop_columns([k for k in FEATURES if k in late.schema.names]))

    def is_there(self, state: ArchivedDay) -> bool:
        """Whether the file of a day is in the lake, whole by its size."""
        with suppress(FileNotFoundError), self.lake.opened(state.address) as file:
            return bool(file.seek(0, 2) == state.n_bytes)
        return False

    def count_client(self, state: ArchivedDay, sk_id_curr: int) -> int:
        """Decisions on a client in the file of a day."""
        return count_client(self._read(state, columns=["sk_id_curr"]), sk_id_curr)

    def find(self, prediction_id: UUID, days: Sequence[ArchivedDay]) -> DecisionRecord | None:
        """The decision in one of some days' files, or None.

        Raises:
            ErasedError: its client was erased.
        """
        for state in days:
            read = partial(find_decision, self.lake, prediction_id=prediction_id)
            if (found := reading(state, read, partial(self._again, state.day))) is not None:
                return record_of(found)
        return None

    def decided_at(self, prediction_ids: Collection[UUID], dropped: Iterable[ArchivedDay]) -> dict[UUID, datetime]:
        """When decisions were made that are in the files of some days; others are left out."""
        told: dict[date, set[UUID]] = defaultdict(set)
        for identity in prediction_ids:
            for day in days_told_by(identity):
                told[day].add(identity)
        found: dict[UUID, datetime] = {}
        for state in dropped:
            if wanted := told[state.day] if state.ids_tell_day else set(prediction_ids):
                plain = self._read(state, columns=["prediction_id", "created_at"])
                keys = pa.array([identity.bytes for identity in wanted], pa.binary(16))
                rows = plain.filter(pc.is_in(plain["prediction_id"], keys))
                moments = [moment.astimezone(UTC) for moment in rows["created_at"].to_pylist()]
                found |= dict(zip((UUID(bytes=key) for key in rows["prediction_id"].to_pylist()), moments, strict=True))
        return found

    def file(self, state: ArchivedDay) -> pa.Table:
        """What the file of a day holds."""
        return self._read(state)

    def live(self, day: date) -> pa.Table:
        """The decisions of a day that PostgreSQL holds."""
        bounds = day_bounds(day)
        with of_one_moment(self.database) as connection:
            return table_of_window(connection, window_of(connection, *bounds), bounds)

    def _read(self, state: ArchivedDay, *, columns: Sequence[str] | None = None) -> pa.Table:
        def read(address: str) -> pa.Table:
            with self.lake.opened(address) as file:
                return pq.ParquetFile(file, pre_buffer=True).read(columns)

        return reading(state, read, partial(self._again, state.day))

    def _again(self, day: date) -> ArchivedDay | None:
        with self.database.connect() as connection:
            return state_of(connection, day)

    def _write(self, address: str, rows: pa.Table) -> int:
        with tempfile.TemporaryDirectory(prefix="credit-archive-") as folder:
            file = Path(folder) / "day.parquet"
            texts = [field.name for field in PLAIN if pa.types.is_string(field.type)]
            texts += [f"texts.{name}" for name in feature_columns(rows, "texts")]
            pq.write_table(
                rows,
                file,
                row_group_size=ROW_GROUP_ROWS,
                compression="zstd",
                # Numbers seldom repeat; looking for repetitions takes longer than the rest of the writing.
                use_dictionary=texts,
                # Bounds of 400 features would make a footer that takes longer to read than a row group.
                write_statistics=["prediction_id", "created_at"],
            )
            n_bytes = file.stat().st_size
            self.lake.put_file(file, address)
        return n_bytes

    def _verify(self, address: str, n_rows: int, sha256: str) -> None:
        with self.lake.opened(address) as file:
            found = pq.ParquetFile(file, pre_buffer=True).read()
        if (found.num_rows, digest(found)) != (n_rows, sha256):
            raise DecisionError(
                f"{found.num_rows} decisions read back from {self.lake.uri(address)}, and not those that were written",
                expected=f"the {n_rows} decisions of the database, bit for bit",
                remedy="check the disk or the object store, and archive the day again; nothing was recorded",
            )


def find_decision(lake: Lake, address: str, prediction_id: UUID) -> pa.Table | None:
    """The row of one decision in a day's file, or None: one row group is read, not the file.

    Raises:
        FileNotFoundError: the file was replaced since; ask for the state again.
        UnavailableError: the lake does not answer.
    """
    key = prediction_id.bytes
    with lake.opened(address) as raw:
        file = pq.ParquetFile(raw, pre_buffer=True)
        for group in range(file.metadata.num_row_groups):
            bounds = file.metadata.row_group(group).column(0).statistics
            if bounds is not None and bounds.has_min_max and not bounds.min <= key <= bounds.max:
                continue
            ids = file.read_row_group(group, columns=["prediction_id"])["prediction_id"]
            place = pc.index(ids, pa.scalar(key, pa.binary(16))).as_py()
            if place >= 0:
                return file.read_row_group(group).slice(place, 1)
    return None


def reading(state: ArchivedDay, read: Callable[[str], pa.Table], again: Callable[[], ArchivedDay | None]) -> pa.Table:
    """Read a day's file; one that was replaced in the meantime is looked up once more.

    Raises:
        DecisionError: the lake does not have the file.
    """
    try:
        return read(state.address)
    except FileNotFoundError:
        now = again()
    try:
        if now is not None and now.address != state.address:
            return read(now.address)
    except FileNotFoundError:
        pass
    raise missing_file(state)


def missing_file(state: ArchivedDay) -> CreditError:
    """The error of a file that should be there."""
    return DecisionError(
        f"no file {state.address} in the lake, which holds the decisions of {state.day}",
        expected=f"its {state.n_rows} decisions",
        remedy="correct CREDIT_LAKE, or restore the file from a backup",
    )


def _record(connection: Connection, values: tuple[object, ...]) -> None:
    connection.execute(
        """
        INSERT INTO credit.decision_archives
            (day, address, sha256, n_rows, n_live, n_bytes, ids_tell_day, archived_at, verified_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), clock_timestamp())
        ON CONFLICT (day) DO UPDATE SET address = EXCLUDED.address, sha256 = EXCLUDED.sha256,
            n_rows = EXCLUDED.n_rows, n_live = EXCLUDED.n_live, n_bytes = EXCLUDED.n_bytes,
            ids_tell_day = EXCLUDED.ids_tell_day, archived_at = EXCLUDED.archived_at,
            verified_at = EXCLUDED.verified_at
        """,
        values,
    )


def _count(connection: Connection, day: date) -> int:
    row = connection.execute(
        "SELECT count(*) FROM credit.decisions WHERE created_at >= %s AND created_at < %s", day_bounds(day)
    ).fetchone()
    return int(row[0]) if row else 0
