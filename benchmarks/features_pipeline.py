"""The steps of the raw and feature assets, without Dagster: through the same intake, engine and feature store.

Here: what the assets do, one function a step, so that a side of a benchmark is a list of steps. Change it when
the assets change. Keep out: what is timed, and what a feature is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from uuid import uuid4

import orjson
import pandas as pd
import pyarrow as pa

from benchmarks.kernel_specifications import kernel_tables, levels_of
from credit_risk.features.client import FEATURE_TABLES, across_sources, raw_inputs
from credit_risk.features.rendering import CLIENT
from credit_risk.features.version import feature_version, source_version
from credit_risk.tables.catalogue import TABLES
from resources.engine import Engine
from resources.engine_choice import open_engine
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.raw_files import convert
from resources.settings import Settings, load_settings

KERNEL = "kernel"
SOURCES = tuple(table.name for table in FEATURE_TABLES)


# A step that is done, its seconds, and its CPU seconds.
Tell = Callable[[str, float, float], None]


class Pipeline:
    """The raw and feature steps over one home folder and its lake.

    Attributes:
        settings: those of the environment, but for the folders.
        lake: where tables go.
    """

    def __init__(self, raw: Path, home: Path, tell: Tell | None = None) -> None:
        self._tell = tell
        self.settings: Settings = load_settings(
            {"CREDIT_HOME": str(home), "CREDIT_LAKE": str(home / "lake"), "CREDIT_RAW_DIR": str(raw)}
        )
        self.lake = Lake(self.settings.lake_root)
        self._store = FeatureStore(self.lake)

    def load(self, tables: Iterable[str] = TABLES) -> None:
        """CSV files to typed, checked Parquet, one after the other."""
        for name in tables:
            scratch = self.settings.home / "scratch" / f"{uuid4().hex}.parquet"
            scratch.parent.mkdir(parents=True, exist_ok=True)
            with self._step(f"raw/{name}"):
                summary = convert(self.settings.raw_dir / TABLES[name].file_name, scratch, name)
                self.lake.put_file(scratch, _raw_file(name))
                self.lake.write_bytes(_digest_file(name), orjson.dumps({"sha256": summary.sha256}))

    def compute(self, names: Collection[str] = SOURCES) -> None:
        """The feature tables of these sources, each with an engine of its own, as an asset has."""
        digests = self._digests()
        for table in FEATURE_TABLES:
            if table.name not in names:
                continue
            with self._step(f"features/{table.name}"):
                engine = self._engine()
                version = source_version(table, digests)
                sources = {name: engine.table(_raw_file(name)) for name in table.inputs}
                engine.write(self._store.file(table.name, version), table.compute(sources).order_by(CLIENT))
                self._store.publish(table.name, version, digests)

    def join(self) -> int:
        """The feature tables side by side. Returns how many columns."""
        with self._step(CLIENT_FEATURES):
            digests = self._digests()
            files = [self._store.file(table.name, source_version(table, digests)) for table in FEATURE_TABLES]
            version = feature_version(digests)
            file = self._store.file(CLIENT_FEATURES, version)
            engine = self._engine()
            engine.join(file, files, CLIENT, across_sources)
            self._store.publish(CLIENT_FEATURES, version, digests)
        return len(engine.table(file).columns)

    def kernel(self) -> pa.Table:
        """The kernel's columns in memory, one row a client."""
        engine = self._engine()
        with self._step(f"{KERNEL}/levels"):
            raw = {name: engine.table(_raw_file(name)) for name in TABLES}
            parts = kernel_tables(raw, levels_of(raw))
        with self._step(f"{KERNEL}/application"):
            frame = parts.pop("application").to_pyarrow()
        for name, part in parts.items():
            with self._step(f"{KERNEL}/{name}"):
                frame = _beside(frame, part.to_pyarrow())
        return frame

    @property
    def client_features_file(self) -> str:
        """The joined features in the lake."""
        return self._store.file(CLIENT_FEATURES, feature_version(self._digests()))

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        wall, cpu = perf_counter(), process_time()
        yield
        if self._tell is not None:
            self._tell(name, perf_counter() - wall, process_time() - cpu)

    def _engine(self) -> Engine:
        return open_engine(self.settings, self.lake)

    def _digests(self) -> dict[str, str]:
        return {name: str(orjson.loads(self.lake.read_bytes(_digest_file(name)))["sha256"]) for name in raw_inputs()}


def _beside(frame: pa.Table, part: pa.Table) -> pa.Table:
    """The columns of a part beside those of the frame, missing for clients that it does not hold."""
    place = pd.Index(part[CLIENT].to_numpy()).get_indexer(frame[CLIENT].to_numpy())
    rows = part.drop_columns(CLIENT).combine_chunks().take(pa.array(place, mask=place < 0))
    return pa.table([*frame.columns, *rows.columns], names=[*frame.column_names, *rows.column_names])


def reading(table: str) -> tuple[str, ...]:
    """The feature tables that read a raw table."""
    return tuple(feature_table.name for feature_table in FEATURE_TABLES if table in feature_table.inputs)


def _raw_file(table: str) -> str:
    return f"raw/{table}.parquet"


def _digest_file(table: str) -> str:
    return f"raw/{table}.json"
