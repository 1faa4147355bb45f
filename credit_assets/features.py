"""Features: one asset a source table, and `client_features`, which sets them side by side.

Each computes a version, has it checked, and accepts it: what breaks its contract never becomes a version, and
what changed beyond tolerance becomes one that nobody uses. Add a feature in `credit_risk.features`; it appears
here by itself. Keep out: what a feature is, and what is checked (`feature_checks`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import dagster as dg
import pandas as pd

from credit_assets import owners
from credit_assets.feature_checks import check_specs, inspect, last_accepted, profile_of
from credit_assets.metadata import acceptance, column_schema, preview
from credit_assets.raw import raw_digests, raw_file, raw_key
from credit_assets.raw_record import stored_rows
from credit_risk.errors import ModelError
from credit_risk.features.client import FEATURE_TABLES, FEATURES, across_sources, raw_inputs
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.rendering import CLIENT
from credit_risk.features.terms import Term
from credit_risk.features.version import code_version, feature_version, source_version, table_version
from credit_risk.tables.finding import any_blocking, refusal
from resources.dagster_resources import PlatformResource
from resources.engine import Engine
from resources.feature_store import CLIENT_FEATURES as CLIENT_TABLE
from resources.feature_store import FeatureStore, FeatureVersion
from resources.parquet_footer import read_footer

CLIENT_FEATURES = dg.AssetKey("client_features")

# The model records it as well.
FEATURE_VERSION = "features/version"

Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]


def feature_key(source: str) -> dg.AssetKey:
    """The asset of a source's features."""
    return dg.AssetKey(["features", source])


def feature_asset(table: FeatureTable) -> dg.AssetsDefinition:
    """The asset that computes one source's features."""
    key = feature_key(table.name)

    @dg.asset(
        key=key,
        group_name="features",
        owners=[owners.DATA],
        kinds={"duckdb", "parquet"},
        deps=[raw_key(name) for name in table.inputs],
        description=f"{len(table.specifications)} features from {', '.join(table.inputs)}: "
        "one row a client with rows there. Each is described in docs/features.md.",
        check_specs=check_specs(key),
    )
    def features(context: dg.AssetExecutionContext, platform: PlatformResource) -> Events:
        engine, store = platform.engine, FeatureStore(platform.lake)
        digests = raw_digests(platform.lake, table.inputs)
        version = source_version(table, digests)
        # A version never changes: the same files and code would only write it again.
        if store.exists(table.name, version):
            record = store.record(table.name, version)
        else:
            sources = {name: engine.table(raw_file(name)) for name in table.inputs}
            engine.write(store.file(table.name, version), table.compute(sources).order_by(CLIENT))
            record = store.describe(table.name, version, code_version=table_version(table), raw_sha256=digests)
        yield from _checked(_Written(key, record, table.specifications), engine, context.run.tags)

    return features


@dg.asset(
    key=CLIENT_FEATURES,
    group_name="features",
    owners=[owners.DATA],
    kinds={"duckdb", "parquet"},
    deps=[feature_key(table.name) for table in FEATURE_TABLES],
    check_specs=check_specs(CLIENT_FEATURES, informative=True),
)
def client_features(context: dg.AssetExecutionContext, platform: PlatformResource) -> Events:
    """All features of all clients, one row a client; an immutable version named by its inputs and code."""
    engine, store = platform.engine, FeatureStore(platform.lake)
    sources = {table.name: store.newest(table.name) for table in FEATURE_TABLES}
    digests = _present_digests(platform, sources)
    version = feature_version(digests)
    if store.exists(CLIENT_TABLE, version):
        record = store.record(CLIENT_TABLE, version)
    else:
        files = [store.file(name, newest.version) for name, newest in sources.items()]
        engine.join(store.file(CLIENT_TABLE, version), files, CLIENT, across_sources)
        versions = {name: newest.version for name, newest in sources.items()}
        record = store.describe(
            CLIENT_TABLE, version, code_version=code_version(), raw_sha256=digests, sources=versions
        )
    clients = stored_rows(platform.lake, ["application_train", "application_test"])
    yield from _checked(_Written(CLIENT_FEATURES, record, FEATURES, clients), engine, context.run.tags)


@dataclass(frozen=True)
class _Written:
    """A feature table whose data are in the lake, and which is not accepted yet."""

    key: dg.AssetKey
    record: FeatureVersion
    specifications: Sequence[Term]
    clients: int | None = None


def _checked(written: _Written, engine: Engine, tags: Mapping[str, str]) -> Events:
    """Check a version, accept it when nothing blocks, and describe it.

    Raises:
        ModelError: it is not accepted; the last accepted one stays what everybody reads.
    """
    store, record = FeatureStore(engine.lake), written.record
    file = store.file(record.table, record.version)
    table = engine.table(file)
    found = inspect(
        table,
        read_footer(engine.lake, file),
        record,
        written.specifications,
        last=last_accepted(store, record.table),
        tags=tags,
        clients=written.clients,
    )
    if not any_blocking(found.contract):
        store.commit(record)
    if any_blocking(found.findings):
        yield from found.results(written.key)
        raise refusal(ModelError, f"{record.table} {record.version}", found.findings)
    store.accept(record.table, record.version)
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": record.rows,
            "dagster/column_schema": column_schema(written.specifications),
            FEATURE_VERSION: record.version,
            "n_features": len(written.specifications),
            "profile": profile_of(written.specifications, found, record.rows),
            "preview": preview(table),
            **({} if written.clients is None else {"sources": _sources(store, record)}),
            **acceptance(tags),
        },
        check_results=found.results(written.key),
    )


def _sources(store: FeatureStore, record: FeatureVersion) -> dg.MarkdownMetadataValue:
    """What each source contributes: its features, how many clients it knows, and how much is missing."""
    lines = [
        {
            "source": table.name,
            "features": len(table.specifications),
            "clients": store.newest(table.name).rows,
            "median missing share": round(median(record.missing[term.name] for term in table.specifications), 4),
        }
        for table in FEATURE_TABLES
    ]
    return dg.MetadataValue.md(str(pd.DataFrame(lines).to_markdown(index=False)))


def _present_digests(platform: PlatformResource, sources: Mapping[str, FeatureVersion]) -> dict[str, str]:
    """The raw files as they are now, and a check that no source was left behind.

    Raises:
        ModelError: a source was computed from other files, or by other code, than it would be now.
    """
    digests = raw_digests(platform.lake, raw_inputs())
    stale = [table.name for table in FEATURE_TABLES if sources[table.name].version != source_version(table, digests)]
    if stale:
        raise ModelError(
            f"features of {', '.join(stale)} from other raw files or older code than the present ones",
            expected="all sources computed from the present raw files by the present code",
            remedy="materialize " + ", ".join(f"features/{name}" for name in stale) + " again",
            fields={"stale": stale},
        )
    return digests


assets: list[dg.AssetsDefinition] = [*(feature_asset(table) for table in FEATURE_TABLES), client_features]
