"""The feature store: when a version exists, that it never changes, and which one is accepted."""

import threading
import uuid
from dataclasses import replace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from credit_risk.errors import ModelError
from resources.feature_store import CLIENT_FEATURES, FeatureStore, FeatureVersion
from resources.lake import Lake

FRAME = pd.DataFrame(
    {"SK_ID_CURR": [1, 2, 3, 4], "EXT_SOURCE_1": [0.5, None, None, None], "CODE_GENDER": ["F", "M", None, "F"]}
)


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    """A store of each kind; fsspec's memory file system speaks as an object store does."""
    return FeatureStore(Lake(str(tmp_path) if request.param == "folder" else f"memory://{uuid.uuid4().hex}"))


def described(store, version, table=CLIENT_FEATURES, frame=FRAME, **known) -> FeatureVersion:
    """Data in the lake, and a record that is not."""
    store.lake.write_frame(store.file(table, version), frame)
    return store.describe(table, version, **({"code_version": "c1", "raw_sha256": {"bureau": "aa"}} | known))


def commit(store, version, table=CLIENT_FEATURES, *, created_at=None, **known) -> FeatureVersion:
    record = described(store, version, table, **known)
    record = record if created_at is None else replace(record, created_at=created_at)
    store.commit(record)
    return record


def test_a_record_says_what_is_in_the_data_and_comes_back_as_it_was(store):
    record = commit(store, "v1", sources={"bureau": "b1"})
    assert (record.rows, record.missing) == (4, {"EXT_SOURCE_1": 0.75, "CODE_GENDER": 0.25})
    assert (record.code_version, record.raw_sha256, record.sources) == ("c1", {"bureau": "aa"}, {"bureau": "b1"})
    assert record.created_at.endswith("+00:00")
    assert store.record(CLIENT_FEATURES, "v1") == record
    assert store.versions() == [record]


def test_data_without_a_record_are_no_version(store):
    described(store, "v1")
    assert not store.exists(CLIENT_FEATURES, "v1")
    assert store.versions() == []
    assert store.tables() == {}
    for request in (store.frame, lambda version: store.accept(CLIENT_FEATURES, version)):
        with pytest.raises(ModelError, match="no version v1 of client_features"):
            request("v1")


def test_a_record_without_data_is_refused_and_is_no_version(store):
    record = described(store, "v1")
    store.lake.remove(store.file(CLIENT_FEATURES, "v1"))
    with pytest.raises(ModelError, match="no data of client_features v1 at"):
        store.commit(record)
    with pytest.raises(ModelError, match="no data of client_features v1 at"):
        store.describe(CLIENT_FEATURES, "v1", code_version="c1", raw_sha256={})
    commit(store, "v2")
    store.lake.remove(store.file(CLIENT_FEATURES, "v2"))
    assert not store.exists(CLIENT_FEATURES, "v2")
    assert store.versions() == []


def test_a_version_that_exists_is_never_changed(store):
    first = commit(store, "v1")
    store.commit(replace(first, created_at="2030-01-01T00:00:00+00:00"))
    assert store.record(CLIENT_FEATURES, "v1") == first
    with pytest.raises(ModelError, match="another code_version, rows for client_features v1, which exists"):
        store.commit(replace(first, code_version="c2", rows=5))
    assert store.record(CLIENT_FEATURES, "v1") == first


def test_of_two_that_commit_at_once_one_writes_the_record(store):
    record = described(store, "v1")
    records = [replace(record, created_at=f"2026-11-01T00:00:{second:02d}+00:00") for second in range(8)]
    together = threading.Barrier(len(records))

    def run(each: FeatureVersion) -> None:
        together.wait()
        store.commit(each)

    threads = [threading.Thread(target=run, args=[each]) for each in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.record(CLIENT_FEATURES, "v1") in records


def test_the_newest_version_is_the_one_accepted_last(store):
    first, second = commit(store, "v1"), commit(store, "v2")
    assert store.accepted() is None
    with pytest.raises(ModelError, match=f"no feature table {CLIENT_FEATURES}.*materialize the asset"):
        store.newest()
    for record in (first, second, first):
        store.accept(CLIENT_FEATURES, record.version)
        assert store.newest() == record


def test_each_table_has_versions_of_its_own(store):
    commit(store, "v1", "bureau")
    commit(store, "v2")
    store.accept("bureau", "v1")
    assert store.newest("bureau").version == "v1"
    assert [record.version for record in store.versions("bureau")] == ["v1"]
    assert store.tables() == {"bureau": 1, CLIENT_FEATURES: 1}
    with pytest.raises(ModelError, match=f"no feature table {CLIENT_FEATURES}"):
        store.newest()


def test_versions_are_listed_newest_first_with_their_size(store):
    for version, created in (("a", "2026-11-02"), ("b", "2026-11-03"), ("c", "2026-11-01")):
        commit(store, version, created_at=f"{created}T00:00:00+00:00")
    assert [record.version for record in store.versions()] == ["b", "a", "c"]
    data, record = (store.lake.read_bytes(f"features/client_features/b.{kind}") for kind in ("parquet", "json"))
    assert store.stored()[0].bytes == len(data) + len(record)


def test_publishing_is_all_in_one_and_names_the_sources_of_the_client_features(store):
    for table in ("bureau", "application"):
        store.lake.write_frame(store.file(table, f"{table}1"), FRAME)
        store.publish(table, f"{table}1", {"bureau": "aa"})
    store.lake.write_frame(store.file(CLIENT_FEATURES, "v1"), FRAME)
    store.publish(CLIENT_FEATURES, "v1", {"bureau": "aa"})
    assert store.newest().sources == {"bureau": "bureau1", "application": "application1"}
    assert store.newest("bureau").sources == {}


def test_an_older_version_stays_readable(store):
    for version in ("v1", "v2"):
        store.lake.write_frame(store.file(CLIENT_FEATURES, version), FRAME.assign(VERSION=version))
        store.publish(CLIENT_FEATURES, version, {})
    assert store.frame("v1")["VERSION"].unique().tolist() == ["v1"]
    assert_frame_equal(store.frame("v2").drop(columns="VERSION"), FRAME)


@pytest.mark.parametrize(("prefix", "found"), [("ab1", "ab12"), ("ab", "ab"), ("c", "c345")])
def test_a_version_is_found_by_the_beginning_of_its_name(store, prefix, found):
    for version in ("ab", "ab12", "c345"):
        commit(store, version)
    assert store.find(prefix).version == found


def test_a_beginning_of_none_or_of_several_is_named(store):
    with pytest.raises(ModelError, match="no feature table client_features"):
        store.find("a")
    for version in ("ab12", "ab34", "cd56"):
        commit(store, version)
    with pytest.raises(ModelError, match=r"2 versions of client_features that begin with 'ab'.*one of ab\d+, ab\d+;"):
        store.find("ab")
    with pytest.raises(ModelError, match=r"no versions of client_features that begin with 'x'.*credit features list"):
        store.find("x")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"table": "client_features"}'])
def test_a_record_that_cannot_be_read_is_named(store, content):
    commit(store, "v1")
    store.lake.write_bytes("features/client_features/v1.json", content)
    with pytest.raises(ModelError, match=r"without .*version, .*rows, missing at .*v1\.json.*remove the file"):
        store.versions()


def test_a_record_of_a_newer_release_stays_readable(store):
    record = commit(store, "v1")
    newer = record.to_json().replace(b'"table"', b'"engine": "spark",\n  "table"')
    store.lake.write_bytes("features/client_features/v1.json", newer)
    assert store.record(CLIENT_FEATURES, "v1") == record
