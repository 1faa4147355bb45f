import pandas as pd
import pytest

from credit_risk.errors import ModelError
from resources.feature_store import CLIENT_FEATURES, FeatureStore, FeatureVersion
from resources.lake import Lake


@pytest.fixture
def store(tmp_path):
    return FeatureStore(Lake(str(tmp_path)))


@pytest.fixture
def frame():
    return pd.DataFrame({"SK_ID_CURR": [1, 2], "EXT_SOURCE_1": [0.5, None]})


def test_the_newest_version_is_the_one_published_last(store):
    store.publish(CLIENT_FEATURES, "v1", {"bureau": "aa"})
    store.publish(CLIENT_FEATURES, "v2", {"bureau": "bb"})
    assert store.newest() == FeatureVersion("v2", {"bureau": "bb"})


def test_each_table_has_a_newest_version_of_its_own(store):
    store.publish("bureau", "v1", {})
    assert store.newest("bureau").version == "v1"
    with pytest.raises(ModelError, match=f"no feature table {CLIENT_FEATURES}.*materialize the asset"):
        store.newest()


def test_a_version_exists_with_its_file(store, frame):
    assert not store.exists(CLIENT_FEATURES, "v1")
    store.lake.write_frame(store.file(CLIENT_FEATURES, "v1"), frame)
    assert store.exists(CLIENT_FEATURES, "v1")


def test_an_older_version_stays_readable(store, frame):
    for version in ("v1", "v2"):
        store.lake.write_frame(store.file(CLIENT_FEATURES, version), frame.assign(VERSION=version))
        store.publish(CLIENT_FEATURES, version, {})
    assert store.frame("v1")["VERSION"].unique().tolist() == ["v1"]
    assert list(store.frame("v2", ["SK_ID_CURR"]).columns) == ["SK_ID_CURR"]


def test_an_unknown_version_is_named(store):
    with pytest.raises(ModelError, match="no feature version v9"):
        store.frame("v9")
