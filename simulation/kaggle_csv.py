"""The eight CSV files as Kaggle's: header, column order, number formats, missing values.

Here: writing finished tables, chunk by chunk, into files that appear all at once or not at all.
Keep out: what is in them.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from credit_risk.errors import SettingsError
from simulation.columns import Column, Labels, Table
from simulation.profile import ColumnProfile, Profile, TableProfile

# Bytes copied at a time when a part is appended: below the memory that a chunk takes anyway.
COPY_BYTES = 1 << 22


def file_name(table: str) -> str:
    """The CSV file of a table."""
    return f"{table}.csv"


def arrow_column(column: Column, profile: ColumnProfile) -> pa.Array:
    """A column in the type that its CSV format needs.

    Floats are written as Python does (1.0, 406597.5, 8.17e-08), so whole numbers must arrive as
    integers to be written without a point.
    """
    if isinstance(column, Labels):
        indices = pa.array(column.codes, mask=column.codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(column.levels, pa.string()))
    if profile.kind == "int":
        if not np.issubdtype(column.dtype, np.integer):
            raise TypeError(f"found {column.dtype} in {profile.name}; expected whole numbers")
        return pa.array(column)
    # Adding zero turns -0.0, which no real file holds, into 0.0; NaN becomes an empty field.
    return pa.array(column.astype(np.float64) + 0.0, from_pandas=True)


def arrow_table(table: Table, profile: TableProfile) -> pa.Table:
    """All columns of a table in file order; the table must have exactly these."""
    if set(table) != set(profile.columns):
        odd = sorted(set(table) ^ set(profile.columns))
        raise ValueError(f"found columns that differ from {profile.name} in {odd}; expected its header")
    return pa.table({name: arrow_column(table[name], profile[name]) for name in profile.header})


class CsvFolder:
    """The files of a portfolio while it is being written: rows are appended, table by table."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        self._folder = folder
        self._profile = profile
        self._connection = duckdb.connect(config={"threads": 1})
        self.rows = dict.fromkeys(profile.tables, 0)
        for name, table in profile.tables.items():
            (folder / file_name(name)).write_text(",".join(table.header) + "\n", encoding="utf-8")

    def append(self, name: str, table: Table) -> None:
        """Add rows to the end of one table's file."""
        rows = arrow_table(table, self._profile[name])
        part = self._folder / f"{name}.part"
        # DuckDB writes floats as Python does and quotes only what needs it; pyarrow's own writer
        # does neither. It cannot append, hence the part.
        self._connection.register("rows", rows)
        self._connection.execute("COPY rows TO ? (FORMAT csv, HEADER false)", [str(part)])
        self._connection.unregister("rows")
        with part.open("rb") as source, (self._folder / file_name(name)).open("ab") as target:
            shutil.copyfileobj(source, target, COPY_BYTES)
        part.unlink()
        self.rows[name] += rows.num_rows

    def close(self) -> None:
        """Release the writer."""
        self._connection.close()


@contextmanager
def new_files(out: Path, profile: Profile, *, overwrite: bool) -> Iterator[CsvFolder]:
    """A folder to write into, whose files move to `out` together once the block ends well.

    Raises:
        SettingsError: `out` cannot be written, or holds such files already and `overwrite` is off.
    """
    present = [file_name(name) for name in profile.tables if (out / file_name(name)).exists()]
    if present and not overwrite:
        raise SettingsError(
            f"{len(present)} of the CSV files in {out}: {', '.join(present)}",
            expected="a folder without them: these could be the real Kaggle files",
            remedy="choose another folder, or ask to overwrite (--overwrite)",
            fields={"out": str(out), "present": present},
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".synthesize-", dir=out))
    except OSError as error:
        raise SettingsError(
            f"{out}, which cannot be written ({error.strerror})",
            expected="a folder to write CSV files into",
            remedy="choose another folder",
            fields={"out": str(out)},
        ) from error
    try:
        folder = CsvFolder(work, profile)
        try:
            yield folder
        finally:
            folder.close()
        for name in profile.tables:
            (work / file_name(name)).replace(out / file_name(name))
    finally:
        shutil.rmtree(work, ignore_errors=True)
