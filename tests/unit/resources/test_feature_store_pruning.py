"""Pruning: old versions go, whatever somebody needs stays, and so does what may still be written."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import ModelError, SettingsError
from resources.feature_pruning import Stored, plan
from resources.feature_store import CLIENT_FEATURES, FeatureStore, FeatureVersion
from resources.lake import Lake

FRAME = pd.DataFrame({"SK_ID_CURR": [1, 2], "F": [0.5, None]})
NOW = timedelta(0)


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    """A store of each kind; fsspec's memory file system speaks as an object store does."""
    return FeatureStore(Lake(str(tmp_path) if request.param == "folder" else f"memory://{uuid.uuid4().hex}"))


@pytest.fixture
def commit(store):
    """`commit(version, day)`: a version of a table, made on a day of November."""

    def commit(version, day, table=CLIENT_FEATURES, **sources):
        store.lake.write_frame(store.file(table, version), FRAME)
        record = store.describe(table, version, code_version="c", raw_sha256={"bureau": version}, sources=sources)
        store.commit(replace(record, created_at=f"2026-11-{day:02d}T00:00:00+00:00"))

    return commit


@pytest.fixture
def five(store, commit):
    """Five versions, the newest of which is accepted."""
    for day in range(1, 6):
        commit(f"v{day}", day)
    store.accept(CLIENT_FEATURES, "v5")
    return store


def names(store, table=CLIENT_FEATURES):
    return [record.version for record in store.versions(table)]


def files(store):
    return [file.name for file in store.lake.files("features")]


def test_the_newest_stay_and_the_files_of_the_others_go(five):
    before = sum(file.bytes for file in five.lake.files("features"))
    done = five.prune(2, {})
    assert names(five) == ["v5", "v4"]
    assert [each.record.version for each in done.remove] == ["v3", "v2", "v1"]
    assert done.freed == before - sum(file.bytes for file in five.lake.files("features"))
    assert files(five) == [
        f"features/client_features/{name}" for name in ("newest.json", "v4.json", "v4.parquet", "v5.json", "v5.parquet")
    ]


def test_a_plan_removes_nothing(five):
    assert [each.record.version for each in five.plan_prune(1, {}).remove] == ["v4", "v3", "v2", "v1"]
    assert len(names(five)) == 5


def test_the_accepted_version_stays_however_old(five):
    five.accept(CLIENT_FEATURES, "v1")
    (kept,) = five.prune(1, {}).kept
    assert names(five) == ["v5", "v1"]
    assert (kept.version, kept.reason) == ("v1", "it is the accepted version")
    assert five.newest().version == "v1"


def test_a_version_that_a_model_was_trained_on_stays(five):
    kept = five.prune(1, {"v2": ["3 (production)"], "v3": ["4", "5"], "gone": ["1"]}).kept
    assert names(five) == ["v5", "v3", "v2"]
    assert [(each.version, each.reason) for each in kept] == [
        ("v3", "models 4, 5 were trained on it"),
        ("v2", "model 3 (production) was trained on it"),
    ]


def test_the_sources_of_the_accepted_version_stay_in_each_table(store, commit):
    for day in (1, 2, 3):
        commit(f"b{day}", day, "bureau")
        commit(f"a{day}", day, "application")
    commit("v1", 1, bureau="b1", application="a1")
    commit("v2", 2, bureau="b2", application="a3")
    for table, version in (("bureau", "b3"), ("application", "a3"), (CLIENT_FEATURES, "v2")):
        store.accept(table, version)
    kept = store.prune(1, {}).kept
    assert names(store, "bureau") == ["b3", "b2"]
    assert names(store, "application") == ["a3"]
    assert [(each.version, each.reason) for each in kept] == [("b2", "the accepted client_features v2 stands on it")]


def test_a_model_needs_a_version_of_the_client_features_and_of_no_other_table(store, commit):
    for day in (1, 2):
        commit(f"v{day}", day, "bureau")
    store.prune(1, {"v1": ["1"]})
    assert names(store, "bureau") == ["v2"]


def test_at_least_one_version_is_kept(five):
    with pytest.raises(SettingsError, match="0 versions to keep"):
        five.prune(0, {})
    assert len(names(five)) == 5


def test_what_a_killed_run_left_goes_once_it_is_old(five):
    lake = five.lake
    lake.write_frame(five.file(CLIENT_FEATURES, "half"), FRAME)
    lake.write_bytes("features/bureau/b1.parquet.0123.part", b"PAR1")
    lake.write_bytes("features/client_features/alone.json", b"{}")
    lake.write_bytes("features/client_features/notes.txt", b"of somebody else")
    left = {
        "features/bureau/b1.parquet.0123.part",
        "features/client_features/alone.json",
        "features/client_features/half.parquet",
    }
    young = five.prune(9, {})
    assert ({each.name for each in young.recent}, young.leftovers) == (left, ())
    assert left <= set(files(five))
    old = five.prune(9, {}, unfinished_after=NOW)
    assert {each.name for each in old.leftovers} == left
    assert not left & set(files(five))
    assert "features/client_features/notes.txt" in files(five)
    assert len(names(five)) == 5


def test_data_of_a_model_stay_even_without_a_record(five):
    five.lake.write_frame(five.file(CLIENT_FEATURES, "older"), FRAME)
    (kept,) = five.prune(9, {"older": ["1"]}, unfinished_after=NOW).kept
    assert kept.reason == "model 1 was trained on it; it has no record"
    assert five.lake.exists(five.file(CLIENT_FEATURES, "older"))


def test_a_prune_that_breaks_off_leaves_no_half_version_and_is_finished_by_the_next(five, monkeypatch):
    remove = five.lake.remove

    def break_off(name: str) -> None:
        if name.endswith(".parquet"):
            raise ConnectionError(name)
        remove(name)

    monkeypatch.setattr(five.lake, "remove", break_off)
    with pytest.raises(ConnectionError, match="v1"):
        five.prune(4, {})
    monkeypatch.undo()
    assert names(five) == ["v5", "v4", "v3", "v2"]
    with pytest.raises(ModelError, match="no version v1"):
        five.frame("v1")
    five.prune(9, {}, unfinished_after=NOW)
    assert not five.lake.exists("features/client_features/v1.parquet")


def test_a_plan_is_limited_to_what_was_agreed(five):
    shown = five.plan_prune(2, {})
    five.accept(CLIENT_FEATURES, "v2")
    agreed = five.plan_prune(1, {"v3": ["6"]}).only(shown)
    # v2 was accepted and v3 used meanwhile; v4 was never shown.
    assert [each.record.version for each in agreed.remove] == ["v1"]


@given(
    n=st.integers(0, 12),
    keep=st.integers(1, 5),
    accepted=st.integers(0, 12),
    used=st.sets(st.integers(0, 12)),
)
def test_nothing_that_is_needed_is_ever_removed_and_all_else_is(n, keep, accepted, used):
    stored = [
        Stored(FeatureVersion(CLIENT_FEATURES, f"v{i}", "c", {}, f"2026-11-{30 - i}T00:00:00+00:00", 1, {}), 10)
        for i in range(n)
    ]
    made = plan(
        stored,
        [],
        keep=keep,
        accepted={CLIENT_FEATURES: f"v{accepted}"},
        models={(CLIENT_FEATURES, f"v{i}"): ["1"] for i in used},
        abandoned_before=datetime.now(UTC),
    )
    needed = {f"v{i}" for i in {*range(keep), accepted, *used} if i < n}
    removed = {each.record.version for each in made.remove}
    assert removed == {each.record.version for each in stored} - needed
    assert made.freed == 10 * len(removed)
