"""Client features where the service reads them, as the graph puts them there."""

from credit_assets.features import CLIENT_FEATURES, FEATURE_VERSION
from credit_assets.online_features import ONLINE_FEATURES
from resources.online_features import read_client, read_layout


def test_the_training_job_puts_the_features_online(shared_platform):
    described = shared_platform.metadata(ONLINE_FEATURES)
    version = shared_platform.metadata(CLIENT_FEATURES)[FEATURE_VERSION]
    frame = shared_platform.features()
    assert (described[FEATURE_VERSION], described["dagster/row_count"]) == (version, len(frame))
    assert described["loaded"]
    assert described["bytes"] > 0
    assert described["seconds"] > 0
    with shared_platform.database.connect() as connection:
        layout, client = read_layout(connection), read_client(connection, int(frame["SK_ID_CURR"].iloc[0]))
    assert {*layout.names} == {*frame.columns} - {"SK_ID_CURR"}
    assert client.feature_version == layout.feature_version == version


def test_materializing_again_loads_nothing(shared_platform):
    before = shared_platform.metadata(ONLINE_FEATURES)
    assert shared_platform.materialize(ONLINE_FEATURES).success
    after = shared_platform.metadata(ONLINE_FEATURES)
    assert not after["loaded"]
    assert {name: after[name] for name in ("bytes", FEATURE_VERSION)} == {
        name: before[name] for name in ("bytes", FEATURE_VERSION)
    }
