"""The engine on a cluster: Ibis on Spark, over the Parquet tables of the lake.

Here: where Spark finds a table of the lake, and how its many files become one. Keep out: starting
and reaching Spark (`spark_session`), and what every engine can do (`engine`).
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import ibis
import ibis.expr.types as ir

from credit_risk.errors import SettingsError
from resources.engine import Derive
from resources.engine_duckdb import DuckDBEngine
from resources.lake import Lake
from resources.spark_session import spark_errors, spark_session

if TYPE_CHECKING:
    from ibis.backends.pyspark import Backend

# A folder of this name is a table that is being written, or was when everything ended.
UNFINISHED = "unfinished-"

# What Spark's file systems are called; a driver for each store has to be on the cluster.
STORES = ("s3a://", "gs://")


class SparkEngine:
    """Spark on this machine, or behind a Spark Connect address.

    Spark writes a folder of files, in order; DuckDB makes one of them, laid out as its own. The
    folder is in the scratch space of this machine, or in the lake if Spark is elsewhere: the lake
    is what its workers and this machine both see.
    """

    def __init__(self, lake: Lake, scratch: Path, remote: str | None = None) -> None:
        self.lake = lake
        self.scratch = scratch
        # First: an address that Spark cannot read is wrong before anything is started.
        _spark_address(lake, "")
        self._finisher = DuckDBEngine(lake, scratch)
        self._shared = lake if remote else Lake(str(scratch))
        session = spark_session(remote, scratch)
        self.backend: Backend = ibis.pyspark.connect(session)

    def table(self, name: str) -> ibis.Table:
        """A Parquet file of the lake as a table.

        Raises:
            FileNotFoundError: names the file.
            SettingsError: it is there, but Spark cannot read it.
        """
        if not self.lake.exists(name):
            raise FileNotFoundError(f"{self.lake.uri(name)}: materialize the asset that writes it first")
        try:
            return self.backend.read_parquet(_one_file(_spark_address(self.lake, name)))
        except spark_errors() as error:
            raise _unreadable(self.lake.uri(name), str(error)) from error

    def join(self, name: str, tables: Sequence[str], key: str, derive: Derive) -> int:
        """Set tables of the lake side by side in one Parquet file. Returns its rows; see `Engine`."""
        sources = {f"packed_{i}": self.table(table) for i, table in enumerate(tables)}
        # A row of hundreds of columns is slow to hand from join to join, and a sort computes it twice: until both are
        # done, each table is one column. It takes a third of the time.
        joined, *others = (_packed(source, key, packed) for packed, source in sources.items())
        for i, other in enumerate(others):
            # Each brings its key along, renamed.
            joined = joined.left_join(other, key, rname=f"{{name}}__{i}")
        ordered = joined.order_by(key)
        columns = {
            column: cast("ir.StructColumn", ordered[packed])[column]
            for packed, source in sources.items()
            for column in source.columns
            if column != key
        }
        beside = ordered.select(key, **columns)
        return self.write(name, beside.select(*beside.columns, **derive(beside)))

    def write(self, name: str, expression: ibis.Table) -> int:
        """Compute an expression into one Parquet file of the lake, atomically. Returns its rows; see `Engine`."""
        with self._unfinished() as folder:
            self.backend.to_parquet(expression, _spark_address(self._shared, folder), compression="zstd")
            return self._finisher.write(name, self._finisher.read(self._parts(folder)))

    @contextmanager
    def _unfinished(self) -> Iterator[str]:
        folder = f"{UNFINISHED}{uuid.uuid4().hex}"
        try:
            yield folder
        finally:
            store, path = self._shared.filesystem, self._shared.path(folder)
            if store.exists(path):
                store.rm(path, recursive=True)

    def _parts(self, folder: str) -> list[str]:
        """The files in the order of their rows: Spark numbers them."""
        names = [file.name for file in self._shared.files(folder) if file.name.endswith(".parquet")]
        if not names:
            raise SettingsError(
                f"nothing in {self._shared.uri(folder)}, where Spark has just written a table",
                expected="a lake that Spark's workers and this machine share",
                remedy="set CREDIT_LAKE to a folder that all of them mount, or to s3:// or gs:// (docs/spark.md)",
            )
        return [self._shared.scan_address(name) for name in names]


def _packed(table: ibis.Table, key: str, name: str) -> ibis.Table:
    """The key, and all other columns as one."""
    return table.select(
        key, **{name: ibis.struct({column: table[column] for column in table.columns if column != key})}
    )


def _unreadable(address: str, reason: str) -> SettingsError:
    # Spark's own name for it; the rest is a page of Java.
    condition = re.search(r"\[([A-Z][A-Z_.]+)\]", reason)
    return SettingsError(
        f"{address}, which this machine can see and Spark cannot read ({condition[1] if condition else reason[:200]})",
        expected="a lake that every worker of Spark can read and write",
        remedy="set CREDIT_LAKE to a folder that all of them mount, or to s3:// or gs:// with its driver there "
        "(docs/spark.md); if they can see it, materialize the asset that writes this file again",
        fields={"reason": reason},
    )


def _spark_address(lake: Lake, name: str) -> str:
    """A place in a lake as Spark's workers spell it.

    Raises:
        SettingsError: the lake is in a store that Spark has no name for.
    """
    # Without a scheme, a path is in whatever store the cluster calls its own.
    address = f"file://{lake.path(name)}" if lake.is_local else lake.scan_address(name)
    if not lake.is_local and not address.startswith(STORES):
        raise SettingsError(
            f"a lake at {lake.uri('')}",
            expected="a folder, s3://bucket/prefix or gs://bucket/prefix for CREDIT_ENGINE=spark",
            remedy="set CREDIT_LAKE to one of these",
        )
    return address


def _one_file(address: str) -> str:
    """This file and no other, for a reader that takes patterns: a bracket in a folder's name is no pattern."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", address)
