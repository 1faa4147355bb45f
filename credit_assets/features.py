"""Features: one asset a source table, and `client_features`, which sets them side by side.

Add a feature in `credit_risk.features`; it appears here by itself. Keep out: what a feature is.
"""

from collections.abc import Iterator

import dagster as dg

from credit_assets import owners
from credit_assets.metadata import column_schema, preview
from credit_assets.raw import raw_digests, raw_file, raw_key
from credit_risk.errors import ModelError
from credit_risk.features.client import FEATURE_TABLES, SPECIFICATIONS, join_clients, raw_inputs
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.version import feature_version, source_version
from resources.dagster_resources import PlatformResource
from resources.feature_store import CLIENT_FEATURES as CLIENT_TABLE
from resources.feature_store import FeatureStore, FeatureVersion

CLIENT_FEATURES = dg.AssetKey("client_features")
ONE_ROW_A_CLIENT = "one_row_a_client"

# The model records it as well.
FEATURE_VERSION = "features/version"


def feature_key(source: str) -> dg.AssetKey:
    """The asset of a source's features."""
    return dg.AssetKey(["features", source])


def feature_asset(table: FeatureTable) -> dg.AssetsDefinition:
    """The asset that computes one source's features."""

    @dg.asset(
        key=feature_key(table.name),
        group_name="features",
        owners=[owners.DATA],
        kinds={"duckdb", "parquet"},
        deps=[raw_key(name) for name in table.inputs],
        description=f"{len(table.specifications)} features from {', '.join(table.inputs)}: "
        "one row a client with rows there. Each is described in docs/features.md.",
    )
    def features(platform: PlatformResource) -> dg.MaterializeResult[None]:
        engine, store = platform.engine, FeatureStore(platform.lake)
        digests = raw_digests(platform.lake, table.inputs)
        version = source_version(table, digests)
        # A version never changes: the same files and code would only write it again.
        if not store.exists(table.name, version):
            sources = {name: engine.table(raw_file(name)) for name in table.inputs}
            engine.write(store.file(table.name, version), table.compute(sources))
        store.publish(table.name, version, digests)
        written = engine.table(store.file(table.name, version))
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": int(written.count().execute()),
                "dagster/column_schema": column_schema(table.specifications),
                FEATURE_VERSION: version,
                "n_features": len(table.specifications),
                "preview": preview(written),
            }
        )

    return features


@dg.asset(
    key=CLIENT_FEATURES,
    group_name="features",
    owners=[owners.DATA],
    kinds={"duckdb", "parquet"},
    deps=[feature_key(table.name) for table in FEATURE_TABLES],
    check_specs=[
        dg.AssetCheckSpec(
            ONE_ROW_A_CLIENT,
            asset=CLIENT_FEATURES,
            blocking=True,
            description="As many rows as applications, and no client twice.",
        )
    ],
)
def client_features(platform: PlatformResource) -> Iterator[dg.MaterializeResult[None]]:
    """All features of all clients, one row a client; an immutable version named by its inputs and code."""
    engine, store = platform.engine, FeatureStore(platform.lake)
    sources = {table.name: store.newest(table.name) for table in FEATURE_TABLES}
    digests = _present_digests(platform, sources)
    version = feature_version(digests)
    if not store.exists(CLIENT_TABLE, version):
        tables = {name: engine.table(store.file(name, newest.version)) for name, newest in sources.items()}
        engine.write(store.file(CLIENT_TABLE, version), join_clients(tables))
    clients = engine.table(store.file(CLIENT_TABLE, version))
    counts = {
        "rows": int(clients.count().execute()),
        "distinct_clients": int(clients["SK_ID_CURR"].nunique().execute()),
        "applications": sum(
            int(engine.table(raw_file(name)).count().execute()) for name in ("application_train", "application_test")
        ),
    }
    passed = len(set(counts.values())) == 1
    if passed:
        store.publish(CLIENT_TABLE, version, digests)
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts["rows"],
            "dagster/column_schema": column_schema(
                [*(term for table in FEATURE_TABLES for term in table.specifications), *SPECIFICATIONS]
            ),
            FEATURE_VERSION: version,
            "n_features": len(clients.columns) - 1,
            "preview": preview(clients),
        },
        check_results=[dg.AssetCheckResult(check_name=ONE_ROW_A_CLIENT, passed=passed, metadata=counts)],
    )


def _present_digests(platform: PlatformResource, sources: dict[str, FeatureVersion]) -> dict[str, str]:
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
