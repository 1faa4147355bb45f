"""Feature tables: immutable versions named by their files, and no source left behind."""

import pytest

from credit_assets.features import CLIENT_FEATURES, FEATURE_VERSION, feature_key
from credit_assets.model import CREDIT_MODEL
from credit_assets.raw import raw_key
from credit_risk.tables.catalogue import TABLES


def files(platform, table):
    """Versions of a table in the lake, with their time of writing."""
    return {path.name: path.stat().st_mtime_ns for path in platform.lake_file(f"features/{table}").glob("*.parquet")}


def drop_last_row(platform, table):
    csv = platform.raw_dir / TABLES[table].file_name
    lines = csv.read_text().splitlines()
    csv.write_text("\n".join(lines[:-1]) + "\n")


def reason(result):
    (failure,) = result.get_step_failure_events()
    return failure.step_failure_data.error.cause.message


def test_the_same_files_and_code_write_nothing_anew(shared_platform):
    for key in (feature_key("bureau"), CLIENT_FEATURES):
        table = key.path[-1]
        before, version = files(shared_platform, table), shared_platform.metadata(key)[FEATURE_VERSION]
        assert shared_platform.materialize(key).success
        assert files(shared_platform, table) == before
        assert shared_platform.metadata(key)[FEATURE_VERSION] == version


@pytest.fixture
def changed(platform):
    """A trained platform, after which one more extract of previous_application arrived, a row shorter."""
    drop_last_row(platform, "previous_application")
    assert platform.materialize(raw_key("previous_application")).success
    return platform


def test_a_source_left_behind_is_named(changed):
    result = changed.materialize(CLIENT_FEATURES)
    assert not result.success
    assert "found features of previous_application from other raw files" in reason(result)
    assert "materialize features/previous_application again" in reason(result)


def test_another_file_is_another_version_beside_the_old_one(changed):
    before = {table: files(changed, table) for table in ("previous_application", "client_features", "bureau")}
    assert changed.materialize(feature_key("previous_application"), CLIENT_FEATURES).success
    for table in ("previous_application", "client_features"):
        after = files(changed, table)
        assert before[table].items() < after.items()
        assert len(after) == len(before[table]) + 1
    assert files(changed, "bureau") == before["bureau"]


def test_labels_of_another_file_than_the_features_train_nothing(platform):
    drop_last_row(platform, "application_train")
    assert platform.materialize(raw_key("application_train")).success
    result = platform.materialize(CREDIT_MODEL)
    assert not result.success
    assert "labels in raw/application_train of another file than the newest features" in reason(result)
    assert platform.clients.registry.staging_version() == "1"
