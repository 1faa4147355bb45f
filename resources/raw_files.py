"""Raw tables: a CSV file in, typed Parquet sorted by client out, or every reason why not.

Here: the client that the raw assets and `credit data check` share, so that what the check passes, loading
accepts. Add what both need. Keep out: what a table looks like (credit_risk.tables) and where it is stored.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import ibis

from credit_risk.errors import RawTableError
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.orphans import Orphans, count_orphans
from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import Violation, conforms, counted, schema_violations
from resources.csv_bytes import Fingerprint, fingerprint
from resources.csv_engine import one_file, session
from resources.csv_outline import file_violation, outline_violations
from resources.csv_parquet import extents, first_rows, n_rows, sort_rows
from resources.csv_patient import read_patiently
from resources.csv_plain import write_plain_rows

PREVIEW_ROWS = 10
# More would fill a page of the UI; the first already say what kind of file it is.
PROBLEMS_IN_MESSAGE = 20


@dataclass(frozen=True)
class RawSummary:
    """What was loaded.

    Attributes:
        rows: rows of the table.
        bytes: size of the CSV file.
        sha256: of the CSV file, in hexadecimal.
        missing: share of missing values by column, in file order.
        preview: the first rows of the stored table, as a Markdown table.
    """

    rows: int
    bytes: int
    sha256: str
    missing: dict[str, float]
    preview: str


@dataclass(frozen=True)
class Staged:
    """A CSV file read once: what is wrong with it, and what it holds when it could be read at all."""

    violations: tuple[Violation, ...]
    summary: RawSummary | None


def inspect(path: Path, table: str) -> list[Violation]:
    """Everything for which `convert` would refuse this file. Reads all of it, keeps nothing."""
    with tempfile.TemporaryDirectory(prefix="credit-inspect-") as scratch:
        return list(stage(path, Path(scratch) / f"{table}.parquet", table).violations)


def convert(csv: Path, parquet: Path, table: str) -> RawSummary:
    """Load a CSV file as typed Parquet; the table that was there before stays until the new one is checked.

    Args:
        csv: the file, UTF-8, with the header of the table.
        parquet: where the table goes; written under another name beside it, then renamed.
        table: name of the table.

    Raises:
        RawTableError: something is wrong with the file; `fields["violations"]` has every finding as a dict.
    """
    with _clear_storage_errors(csv, parquet, table), _beside(parquet, table) as staging:
        staged = stage(csv, staging, table)
        if staged.violations or staged.summary is None:
            raise _refusal(csv, table, staged.violations)
        staging.replace(parquet)
    return staged.summary


def stage(csv: Path, parquet: Path, table: str) -> Staged:
    """Write what can be read of a CSV file as Parquet, and find everything that is wrong with it.

    The Parquet file is the table only when there are no violations; otherwise it is what the checks could see.

    Raises:
        RawTableError: the disk or the memory failed, not the file.
    """
    with _clear_storage_errors(csv, parquet, table):
        raw = TABLES[table]
        violations = outline_violations(csv, raw)
        return Staged(tuple(violations), None) if violations else _read(csv, parquet, raw)


def check_table(parquet: Path, table: str) -> list[Violation]:
    """Hold a stored table against its schema: columns, types, values, unique key.

    Raises:
        RawTableError: the table has not been stored.
    """
    if not parquet.exists():
        raise RawTableError(
            f"no stored table {table} at {parquet}",
            expected="the Parquet file that its CSV file was loaded into",
            remedy=f"load {TABLES[table].file_name} first",
            fields={"table": table},
        )
    with session() as connection:
        stored = ibis.duckdb.from_connection(connection).read_parquet(one_file(parquet))
        return schema_violations(stored, TABLES[table].schema)


def orphans(child: Path, parents: Path | Sequence[Path], key: str) -> Orphans:
    """Count the rows of a stored history whose key is in none of its parents: valid, but worth knowing."""
    files = [parents] if isinstance(parents, Path) else list(parents)
    with session() as connection:
        backend = ibis.duckdb.from_connection(connection)
        tables = [backend.read_parquet(one_file(file)) for file in files]
        return count_orphans(backend.read_parquet(one_file(child)), tables, key)


def _read(csv: Path, parquet: Path, raw: RawTable) -> Staged:
    """Read a file fast, and patiently when that leaves a doubt. Both come to the same table."""
    before = csv.stat()
    with session() as connection, ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprint, csv)
        written = write_plain_rows(connection, csv, parquet, raw)
        read = hashing.result()
        if written and _is_good(connection, parquet, raw, read) and not _changed(csv, before, raw):
            return Staged((), _summary(parquet, raw, read))
    violations = [*read_patiently(csv, parquet, raw, read), *_changed(csv, before, raw)]
    if not violations:
        sort_rows(parquet, raw)
    return Staged(tuple(violations), _summary(parquet, raw, read) if parquet.exists() else None)


def _is_good(connection: duckdb.DuckDBPyConnection, parquet: Path, raw: RawTable, read: Fingerprint) -> bool:
    """Whether nothing can be wrong with a file that was read fast: it is plain, no line was lost, all checks hold."""
    complete = 0 < n_rows(parquet) == read.lines - 1
    if not (read.is_plain and complete):
        return False
    table = ibis.duckdb.from_connection(connection).read_parquet(one_file(parquet))
    return conforms(table, raw.schema, extents(parquet))


@contextmanager
def _beside(parquet: Path, table: str) -> Iterator[Path]:
    """A name in the same folder that nobody else uses, and nothing left under it."""
    staging = parquet.with_name(f".{table}.{uuid.uuid4().hex}.parquet")
    try:
        yield staging
    finally:
        if staging.exists():
            staging.unlink()


@contextmanager
def _clear_storage_errors(csv: Path, parquet: Path, table: str) -> Iterator[None]:
    """A full disk, a missing permission or too little memory is told in one line."""
    try:
        parquet.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, duckdb.OperationalError) as error:
        raise RawTableError(
            f"'{_first_line(error)}' while {table} was loaded",
            expected=f"a file that can be read at {csv}, and room to write in {parquet.parent}",
            remedy="check both folders, their permissions, and the space on the disk",
            fields={"table": table, "path": str(csv)},
        ) from error


def _summary(parquet: Path, raw: RawTable, read: Fingerprint) -> RawSummary:
    known = extents(parquet)
    first = [list(row.values()) for row in first_rows(parquet, PREVIEW_ROWS)]
    return RawSummary(
        rows=n_rows(parquet),
        bytes=read.size,
        sha256=read.sha256,
        missing={name: extent.missing / extent.rows if extent.rows else 0.0 for name, extent in known.items()},
        preview=_markdown(raw.columns, first),
    )


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_markdown_cell(cell) for cell in line) + " |" for line in lines)


def _markdown_cell(cell: object) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")


def _changed(csv: Path, before: os.stat_result, raw: RawTable) -> list[Violation]:
    after = csv.stat()
    if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
        return []
    found = f"{csv.name} changed while it was read"
    return [file_violation(raw, "changed", found, "a file at rest", "repeat when its copy is complete")]


def _refusal(csv: Path, table: str, violations: Sequence[Violation]) -> RawTableError:
    fields = {"table": table, "path": str(csv), "violations": [asdict(violation) for violation in violations]}
    if len(violations) == 1:
        only = violations[0]
        return RawTableError(only.found, expected=only.expected, remedy=only.remedy, fields=fields)
    listed = "; ".join(f"({i}) {violation}" for i, violation in enumerate(violations[:PROBLEMS_IN_MESSAGE], start=1))
    more = len(violations) - PROBLEMS_IN_MESSAGE
    return RawTableError(
        f"{counted(len(violations), 'problem')} in {csv}: {listed}" + (f"; and {more} more" if more > 0 else ""),
        expected=f"the table {table} as its schema describes it",
        remedy="correct them all, then load the file again",
        fields=fields,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
