"""The eight CSV files as Kaggle's: header, column order, number formats, missing values, order of rows.

Here: writing finished tables, chunk by chunk. Keep out: what is in them, and the folder that they
appear in (new_files).
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
import numpy as np
import pyarrow as pa

from simulation.columns import Column, Labels, Mask, Table, floats
from simulation.file_order import ShuffledLines
from simulation.profile import ColumnProfile, Profile, TableProfile

# Files in random order, as the published ones are; the applications are sorted by key. Bureau comes
# in runs of one client, its monthly states in runs of one credit, all others row by row: a group-by
# that finds a client's rows side by side would look faster than it is on real files.
SHUFFLED: Mapping[str, str | None] = MappingProxyType(
    {
        "bureau": "SK_ID_CURR",
        "bureau_balance": "SK_ID_BUREAU",
        "previous_application": None,
        "POS_CASH_balance": None,
        "credit_card_balance": None,
        "installments_payments": None,
    }
)

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
    """The files of a portfolio while it is being written: rows are appended, table by table.

    Args:
        folder: existing folder for the files and for what is needed on the way to them.
        profile: the tables.
        n_chunks: how many times each table will be appended to: shuffling then needs about the
            memory of one time.
        seed: decides the order of the rows in the shuffled files.
    """

    def __init__(self, folder: Path, profile: Profile, n_chunks: int, seed: np.random.SeedSequence) -> None:
        self._folder = folder
        self._profile = profile
        self._connection = duckdb.connect(config={"threads": 1})
        self._shuffled = {
            name: ShuffledLines(folder, name, n_chunks, np.random.default_rng(child))
            for name, child in zip(SHUFFLED, seed.spawn(len(SHUFFLED)), strict=True)
        }
        self.rows = dict.fromkeys(profile.tables, 0)
        for name, table in profile.tables.items():
            (folder / file_name(name)).write_text(",".join(table.header) + "\n", encoding="utf-8")

    def append(self, name: str, table: Table) -> None:
        """Add rows to one table's file; a shuffled one shows them once it is finished."""
        rows = arrow_table(table, self._profile[name])
        part = self._folder / f"{name}.part"
        # DuckDB writes floats as Python does and quotes only what needs it; pyarrow's own writer
        # does neither. It cannot append, hence the part.
        self._connection.register("rows", rows)
        self._connection.execute("COPY rows TO ? (FORMAT csv, HEADER false)", [str(part)])
        self._connection.unregister("rows")
        if name in SHUFFLED:
            key = SHUFFLED[name]
            first_of_run = None if key is None else _first_of_run(table[key])
            self._shuffled[name].deal(np.fromfile(part, dtype=np.uint8), first_of_run)
        else:
            with part.open("rb") as source, (self._folder / file_name(name)).open("ab") as target:
                shutil.copyfileobj(source, target, COPY_BYTES)
        part.unlink()
        self.rows[name] += rows.num_rows

    def finish(self, report: Callable[[int, int], None]) -> None:
        """Write the shuffled files; reports how many of their rows are in place, and out of how many."""
        total, done = sum(self.rows[name] for name in SHUFFLED), 0
        for name, lines in self._shuffled.items():
            with (self._folder / file_name(name)).open("ab") as target:
                for rows in lines.gather(target):
                    done += rows
                    report(done, total)

    def close(self) -> None:
        """Release the writer."""
        self._connection.close()


def _first_of_run(key: Column) -> Mask:
    """Which rows have another key than the row above."""
    keys = floats(key)
    return np.concatenate([np.ones(min(len(keys), 1), np.bool_), keys[1:] != keys[:-1]])
