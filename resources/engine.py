"""The engine that computes features, as everybody else sees it.

Here: what every engine can do. Each engine has a module of its own (`engine_duckdb`, `engine_spark`). Keep out: the
choice between them (`engine_choice`), and what a feature is (`credit_risk.features`).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from resources.lake import Lake

# Columns that are computed within a row, over a table.
Derive = Callable[[ibis.Table], Mapping[str, ir.Value]]


class Engine(Protocol):
    """An Ibis backend that reads the Parquet tables of the lake, and writes them.

    Attributes:
        lake: where tables are read and written.
        scratch: a folder of this machine, for what is not finished yet.
    """

    lake: Lake
    scratch: Path

    @property
    def backend(self) -> BaseBackend:
        """The Ibis backend, for questions of any other kind."""

    def table(self, name: str) -> ibis.Table:
        """A Parquet file of the lake as a table.

        Raises:
            FileNotFoundError: names the file.
        """

    def write(self, name: str, expression: ibis.Table) -> int:
        """Compute an expression into one Parquet file of the lake, atomically. Returns its rows."""

    def join(self, name: str, tables: Sequence[str], key: str, derive: Derive) -> int:
        """Set tables of the lake side by side, with what follows from them, in one Parquet file, atomically.

        Args:
            name: of the file.
            tables: their names; each ascends by key and holds no key twice. Rows are those of the first.
            key: of whole numbers, none missing; the file ascends by it.
            derive: the columns behind those of all tables, computed from them.

        Returns:
            How many rows there are.
        """
