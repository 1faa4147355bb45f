"""The client features where the service reads them: one row a client in PostgreSQL."""

import dagster as dg

from credit_assets import owners
from credit_assets.features import CLIENT_FEATURES, FEATURE_VERSION
from resources.dagster_resources import PlatformResource
from resources.feature_store import FeatureStore
from resources.online_features_load import load_online_features

ONLINE_FEATURES = dg.AssetKey("online_features")


@dg.asset(
    key=ONLINE_FEATURES,
    group_name="production",
    owners=[owners.DATA],
    kinds={"postgres"},
    deps=[CLIENT_FEATURES],
)
def online_features(platform: PlatformResource) -> dg.MaterializeResult[None]:
    """The accepted version of `client_features` in `credit.online_features`, swapped in as a whole.

    The service looks clients up there. A version that is in place is not loaded again.
    """
    store = FeatureStore(platform.lake)
    load = load_online_features(platform.database, store, store.newest())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": load.rows,
            FEATURE_VERSION: load.feature_version,
            "seconds": round(load.seconds, 3),
            "bytes": load.n_bytes,
            "loaded": load.is_new,
        }
    )
