"""Raw tables: a CSV file in, typed Parquet out, or every reason why not.

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
from credit_risk.tables.violations import Violation, counted, schema_violations
from resources.csv_bytes import Fingerprint, byte_violations, fingerprint
from resources.csv_faults import fault_violations
from resources.csv_outline import end_violations, file_violation, outline_violations
from resources.csv_rows import literal, one_file, session, write_rows

PREVIEW_ROWS = 10
# The engine's own words may quote a whole field.
REASON_CHARACTERS = 200
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
        preview: the first rows as a Markdown table.
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
        return _schema_violations(connection, parquet, TABLES[table])


def orphans(child: Path, parents: Path | Sequence[Path], key: str) -> Orphans:
    """Count the rows of a stored history whose key is in none of its parents: valid, but worth knowing."""
    files = [parents] if isinstance(parents, Path) else list(parents)
    with session() as connection:
        backend = ibis.duckdb.from_connection(connection)
        tables = [backend.read_parquet(one_file(file)) for file in files]
        return count_orphans(backend.read_parquet(one_file(child)), tables, key)


def _read(csv: Path, parquet: Path, raw: RawTable) -> Staged:
    before = csv.stat()
    with session() as connection, ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprint, csv)
        refusal = _write(connection, csv, parquet, raw)
        read = hashing.result()
        summary = _summary(connection, parquet, raw, read) if parquet.exists() else None
        in_rows = _row_violations(connection, parquet, raw, summary)
    faults = byte_violations(read, raw)
    # The second reading takes a minute for 27 million lines. Besides a refusal it explains what the engine passes
    # over without a word: blank lines (then lines and rows do not add up) and rows of separators (no key).
    add_up = summary is not None and summary.rows == read.lines - 1
    without_key = any(found.check == "not_null" for found in in_rows)
    if read.line_ends_agree and (refusal or without_key or not add_up):
        faults += fault_violations(csv, raw)
    if refusal and not faults:
        faults = [file_violation(raw, "unreadable", f"{csv.name}: {refusal}", "CSV that can be parsed")]
    # A value that could not be read is missing in the staged rows: that is its fault's doing, not another one.
    explained = {fault.column for fault in faults}
    in_rows = [found for found in in_rows if found.check != "not_null" or found.column not in explained]
    return Staged((*end_violations(csv, raw), *faults, *in_rows, *_changed(csv, before, raw)), summary)


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


def _write(connection: duckdb.DuckDBPyConnection, csv: Path, parquet: Path, raw: RawTable) -> str | None:
    """Stage the rows: all of them, or, when the engine refuses the file, what it can read. Returns its reason."""
    try:
        write_rows(connection, csv, parquet, raw)
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        try:
            write_rows(connection, csv, parquet, raw, lenient=True)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # What it wrote until then is no Parquet file.
            parquet.unlink(missing_ok=True)
        return _reason(error)
    return None


def _summary(connection: duckdb.DuckDBPyConnection, parquet: Path, raw: RawTable, read: Fingerprint) -> RawSummary:
    source = f"read_parquet({literal(one_file(parquet))})"
    present = ", ".join(f'count("{name}")' for name in raw.columns)
    rows, *counts = connection.execute(f"SELECT count(*), {present} FROM {source}").fetchall()[0]  # noqa: S608  # names come from the schema
    first = connection.execute(f"SELECT * FROM {source} LIMIT {PREVIEW_ROWS}").fetchall()  # noqa: S608  # a literal
    return RawSummary(
        rows=rows,
        bytes=read.size,
        sha256=read.sha256,
        missing={name: 1 - n / rows if rows else 0.0 for name, n in zip(raw.columns, counts, strict=True)},
        preview=_markdown(raw.columns, first),
    )


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_markdown_cell(cell) for cell in line) + " |" for line in lines)


def _markdown_cell(cell: object) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")


def _row_violations(
    connection: duckdb.DuckDBPyConnection, parquet: Path, raw: RawTable, summary: RawSummary | None
) -> list[Violation]:
    if summary is None:
        return []
    if not summary.rows:
        return [file_violation(raw, "no_rows", f"no row in {raw.file_name}", "at least one row under the header")]
    return _schema_violations(connection, parquet, raw)


def _schema_violations(connection: duckdb.DuckDBPyConnection, parquet: Path, raw: RawTable) -> list[Violation]:
    return schema_violations(ibis.duckdb.from_connection(connection).read_parquet(one_file(parquet)), raw.schema)


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


def _reason(refusal: Exception) -> str:
    """What the engine says is wrong: its first line and its third; the second is the whole line at fault."""
    lines = str(refusal).splitlines()
    return " ".join(line[:REASON_CHARACTERS] for line in (lines[:1] + lines[2:3]))
