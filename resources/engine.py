"""The engine that computes features: one protocol, and the engine that the settings name.

Here: what every engine can do, and the choice between them. Each engine has a module of its own
(`engine_duckdb`, `engine_spark`). Keep out: what a feature is (`credit_risk.features`).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from resources.lake import Lake
from resources.settings import Settings, prepare_home

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


def open_engine(settings: Settings, lake: Lake) -> Engine:
    """The configured engine, with its scratch space under CREDIT_HOME.

    Raises:
        SettingsError: CREDIT_HOME cannot be written, or what CREDIT_ENGINE needs is missing.
        UnavailableError: CREDIT_SPARK_REMOTE does not answer.
    """
    scratch = prepare_home(settings) / "scratch"
    # Imported here: whoever computes with one engine need not have the other installed.
    if settings.engine == "spark":
        from resources.engine_spark import SparkEngine

        return SparkEngine(lake, scratch, settings.spark_remote)
    from resources.engine_duckdb import DuckDBEngine

    return DuckDBEngine(lake, scratch)
