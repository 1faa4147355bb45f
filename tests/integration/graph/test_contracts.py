"""Contracts in the graph: what is wrong is caught by name before a model is trained; nothing good is overwritten."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import ibis
import orjson
import pytest

from credit_assets import raw_record
from credit_assets.features import CLIENT_FEATURES, FEATURE_VERSION, feature_asset, feature_key
from credit_assets.metadata import ACCEPT_CHANGES
from credit_assets.model import CREDIT_MODEL
from credit_assets.raw import raw_file, raw_key
from credit_risk.features import bureau
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.tables.catalogue import TABLES
from resources.feature_store import FeatureStore

Rows = list[list[str]]


def rewrite(file: Path, change: Callable[[Rows], Rows]) -> None:
    with file.open(newline="", encoding="utf-8") as text:
        rows = change(list(csv.reader(text)))
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text, lineterminator="\n").writerows(rows)


def without(column: str) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        at = rows[0].index(column)
        return [row[:at] + row[at + 1 :] for row in rows]

    return change


def replaced(column: str, old: str | None, new: str) -> Callable[[Rows], Rows]:
    """A value of a column replaced by another; None: every value."""

    def change(rows: Rows) -> Rows:
        at = rows[0].index(column)
        for row in rows[1:]:
            row[at] = new if old is None or row[at] == old else row[at]
        return rows

    return change


def doubled(rows: Rows) -> Rows:
    return [*rows, rows[1]]


def first_half(rows: Rows) -> Rows:
    return rows[: len(rows) // 2]


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


# The table, what happens to its file, the check that says so, and its words.
WRONG: dict[str, tuple[str, Callable[[Path], None], str, str]] = {
    "a deleted column": (
        "bureau",
        lambda file: rewrite(file, without("AMT_CREDIT_SUM_DEBT")),
        "schema",
        "1 column absent: 'AMT_CREDIT_SUM_DEBT'",
    ),
    "a shifted category that a filter names": (
        "bureau",
        lambda file: rewrite(file, replaced("CREDIT_ACTIVE", "Active", "Open")),
        "levels",
        "no row of bureau.CREDIT_ACTIVE with 'Active'",
    ),
    "a shifted category that a model splits on": (
        "application_train",
        lambda file: rewrite(file, replaced("NAME_CONTRACT_TYPE", "Cash loans", "cash loans")),
        "levels",
        "rows of application_train.NAME_CONTRACT_TYPE spelled otherwise: 'cash loans' for 'Cash loans'",
    ),
    "a doubled key": (
        "application_train",
        lambda file: rewrite(file, doubled),
        "schema",
        "1 value of application_train.SK_ID_CURR in more than one row",
    ),
    "a file truncated within a line": ("bureau", cut_off, "schema", "its last line may be cut off"),
    "a file truncated at the end of a line": (
        "installments_payments",
        lambda file: rewrite(file, first_half),
        "completeness",
        "rows of installments_payments, 50.0 % fewer than",
    ),
    "a column emptied": (
        "application_train",
        lambda file: rewrite(file, replaced("EXT_SOURCE_2", None, "")),
        "completeness",
        "application_train.EXT_SOURCE_2 empty",
    ),
}


@pytest.fixture
def csv_of(shared_platform):
    """The file of a table, as it was before when the test is over."""
    kept: dict[Path, bytes] = {}

    def take(table: str) -> Path:
        file = shared_platform.raw_dir / TABLES[table].file_name
        kept[file] = file.read_bytes()
        return file

    yield take
    for file, before in kept.items():
        file.write_bytes(before)


def state(platform):
    """Every file of the lake that stands for something good, with its content's identity, and the pointers."""
    root = platform.lake_file("")
    files = sorted(path for room in ("raw", "features") for path in (root / room).rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes() if path.suffix == ".json" else path.stat().st_mtime_ns
        for path in files
    }


def evaluations(result):
    return {(check.asset_key, check.check_name): check for check in result.get_asset_check_evaluations()}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_caught_by_name_before_a_model_is_trained_and_nothing_good_is_overwritten(shared_platform, csv_of, wrong):
    table, break_file, check_name, words = WRONG[wrong]
    before, models = state(shared_platform), len(shared_platform.materializations(CREDIT_MODEL))
    break_file(csv_of(table))
    sources = [feature_key(source.name) for source in FEATURE_TABLES if table in source.inputs]

    result = shared_platform.materialize(raw_key(table), *sources, CLIENT_FEATURES, CREDIT_MODEL)

    assert not result.success
    (failure,) = result.get_step_failure_events()
    assert failure.step_key == f"raw__{table}"
    assert failure.step_failure_data.error.cause.cls_name == "RawTableError"
    assert words in failure.step_failure_data.error.cause.message
    check = evaluations(result)[raw_key(table), check_name]
    assert (check.passed, check.blocking, check.severity) == (False, True, dg.AssetCheckSeverity.ERROR)
    assert check.metadata["n_violations"].value >= 1
    assert words in check.metadata["violations"].value
    assert state(shared_platform) == before
    assert len(shared_platform.materializations(CREDIT_MODEL)) == models
    assert shared_platform.clients.registry.staging_version() == "1"


def test_a_run_that_accepts_changes_takes_them_as_warnings(platform):
    rewrite(platform.raw_dir / "bureau.csv", replaced("CREDIT_ACTIVE", "Active", "Open"))
    result = platform.materialize(raw_key("bureau"), tags={ACCEPT_CHANGES: "the bureau renamed it; J. Doe"})
    assert result.success
    levels = evaluations(result)[raw_key("bureau"), "levels"]
    assert (levels.passed, levels.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert platform.metadata(raw_key("bureau"))["accepted_changes"] == "the bureau renamed it; J. Doe"
    record = raw_record.read_record(platform.clients.lake, "bureau")
    assert "Open" in record.profile.levels["CREDIT_ACTIVE"]
    # From now on it is what the next version is compared with.
    rewrite(platform.raw_dir / "bureau.csv", lambda rows: rows[:-1])
    again = platform.materialize(raw_key("bureau"))
    assert again.success
    assert evaluations(again)[raw_key("bureau"), "levels"].passed


def test_a_file_that_did_not_change_is_not_read_again(shared_platform, monkeypatch):
    key = raw_key("bureau")
    stored = shared_platform.lake_file(raw_file("bureau"))
    written = stored.stat().st_mtime_ns
    result = shared_platform.materialize(key)
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()}["schema"]
    assert stored.stat().st_mtime_ns == written
    assert shared_platform.metadata(key)["unchanged"] is True
    # Other code may read the same file otherwise.
    for module in ("credit_assets.raw", "credit_assets.raw_record"):
        monkeypatch.setattr(f"{module}.intake_version", lambda: "another")
    assert shared_platform.materialize(key).success
    assert stored.stat().st_mtime_ns > written
    assert shared_platform.metadata(key)["unchanged"] is False


def test_a_record_of_an_older_form_is_replaced(platform):
    file = platform.lake_file(raw_record.record_file("bureau"))
    content = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps({"sha256": content["sha256"], "rows": content["rows"]}))
    assert platform.materialize(raw_key("bureau")).success
    assert orjson.loads(file.read_bytes()) == content


def test_new_levels_are_a_warning(platform):
    rewrite(platform.raw_dir / "bureau.csv", lambda rows: [*rows, changed(rows, "CREDIT_TYPE", "Crypto loan")])
    result = platform.materialize(raw_key("bureau"))
    assert result.success
    check = evaluations(result)[raw_key("bureau"), "levels"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == "1 new level in 1 row of bureau.CREDIT_TYPE: 'Crypto loan'"


def changed(rows: Rows, column: str, value: str) -> list[str]:
    """A row more, with another key and this value."""
    row = dict(zip(rows[0], rows[1], strict=True)) | {column: value, "SK_ID_BUREAU": "99999999"}
    return list(row.values())


def run_source(platform, features, **arguments):
    """Materialize the features of bureau as another definition computes them."""
    asset = feature_asset(replace(bureau.TABLE, features=features))
    definitions = dg.Definitions(assets=[asset], resources={"platform": platform.clients})
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=platform.instance, raise_on_error=False, **arguments)


def versions(platform):
    store = FeatureStore(platform.clients.lake)
    return store.accepted("bureau"), {record.version for record in store.versions("bureau")}


def test_features_that_break_their_contract_never_become_a_version(shared_platform):
    before = versions(shared_platform)

    def twice(table):
        once = bureau.features(table)
        return ibis.union(once, once)

    result = run_source(shared_platform, twice)
    assert not result.success
    check = evaluations(result)[feature_key("bureau"), "contract"]
    assert (check.passed, check.blocking) == (False, True)
    assert "of bureau.SK_ID_CURR in more than one row" in check.metadata["violations"].value
    assert versions(shared_platform) == before


def emptied(table):
    return bureau.features(table).mutate(BUREAU_COUNT=ibis.null("float64"))


def test_features_that_went_missing_become_a_version_that_nobody_uses_until_somebody_accepts_it(platform):
    accepted, known = versions(platform)
    result = run_source(platform, emptied)
    assert not result.success
    checks = evaluations(result)
    assert checks[feature_key("bureau"), "contract"].passed
    check = checks[feature_key("bureau"), "completeness"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.description == "bureau.BUREAU_COUNT empty, of which 100.0 % had values"
    assert versions(platform)[0] == accepted
    (new,) = versions(platform)[1] - known

    assert run_source(platform, emptied, tags={ACCEPT_CHANGES: "a test"}).success
    assert versions(platform) == (new, known | {new})
    assert platform.metadata(feature_key("bureau"))[FEATURE_VERSION] == new


def test_all_clients_are_checked_against_the_applications(platform):
    """A client lost behind the store's back is missed, and no model is trained without it."""
    store = FeatureStore(platform.clients.lake)
    accepted = store.newest()
    engine = platform.clients.engine
    source = store.file("application", store.newest("application").version)
    clients = engine.table(source)
    engine.write("fewer.parquet", clients.order_by("SK_ID_CURR").limit(599))
    shutil.move(platform.lake_file("fewer.parquet"), platform.lake_file(source))
    # Without its record the version is computed again.
    platform.clients.lake.remove(f"features/client_features/{accepted.version}.json")
    result = platform.materialize(CLIENT_FEATURES, CREDIT_MODEL)
    assert not result.success
    check = evaluations(result)[CLIENT_FEATURES, "contract"]
    assert (check.passed, check.blocking) == (False, True)
    assert "599 rows of client_features for 600 applications" in check.metadata["violations"].value
    assert not store.exists("client_features", accepted.version)
    assert platform.clients.registry.staging_version() == "1"


def test_what_a_person_looks_at_is_there(shared_platform):
    assert shared_platform.materialize(CLIENT_FEATURES).success
    metadata = shared_platform.metadata(CLIENT_FEATURES)
    assert "| AMT_CREDIT " in metadata["profile"]
    assert "| installments_payments" in metadata["sources"]
    assert "NAME_CONTRACT_TYPE" in shared_platform.metadata(raw_key("application_train"))["levels"]


def test_feature_tables_are_sorted_by_client(shared_platform):
    store = FeatureStore(shared_platform.clients.lake)
    for table in ("client_features", *(source.name for source in FEATURE_TABLES)):
        keys = store.frame(store.newest(table).version, ["SK_ID_CURR"], table=table)["SK_ID_CURR"]
        assert keys.is_monotonic_increasing, table
