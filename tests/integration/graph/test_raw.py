"""A wrong CSV file: refused with its check, every problem named, and the last good table left in place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from credit_assets.features import feature_key
from credit_assets.raw import raw_file, raw_key
from credit_risk.tables.catalogue import TABLES


def without_a_column(csv: Path) -> None:
    lines = csv.read_text().splitlines()
    csv.write_text("\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n")


def truncated(csv: Path) -> None:
    csv.write_bytes(csv.read_bytes()[:-9])


def with_a_client_twice(csv: Path) -> None:
    lines = csv.read_text().splitlines()
    csv.write_text("\n".join([*lines, lines[1]]) + "\n")


def with_a_word_for_a_number(csv: Path) -> None:
    header, first, *rest = csv.read_text().splitlines()
    csv.write_text("\n".join([header, "nobody" + first[first.index(",") :], *rest]) + "\n")


def empty(csv: Path) -> None:
    csv.write_bytes(b"")


def gone(csv: Path) -> None:
    csv.unlink()


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "a column deleted": (without_a_column, "1 column absent: 'AMT_REQ_CREDIT_BUREAU_YEAR'"),
    "truncated": (truncated, "its last line may be cut off"),
    "a key twice": (with_a_client_twice, "1 value of application_test.SK_ID_CURR in more than one row"),
    "a word for a number": (with_a_word_for_a_number, "unreadable as a number (line 2: 'nobody')"),
    "empty": (empty, "with 0 bytes and no header"),
    "missing": (gone, "no file "),
}
TABLE = "application_test"


@pytest.fixture
def csv(shared_platform):
    """The file of a table, as it was before when the test is over."""
    file = shared_platform.raw_dir / TABLES[TABLE].file_name
    before = file.read_bytes()
    yield file
    file.write_bytes(before)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused_and_the_last_good_table_stays(shared_platform, csv, wrong):
    break_file, problem = WRONG[wrong]
    good = [shared_platform.lake_file(f"raw/{TABLE}.{end}") for end in ("parquet", "json")]
    before = [file.read_bytes() for file in good]
    records = len(shared_platform.materializations(raw_key(TABLE)))
    break_file(csv)

    result = shared_platform.materialize(raw_key(TABLE))

    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.blocking) == ("schema", False, True)
    assert check.metadata["n_violations"].value >= 1
    assert problem in check.metadata["violations"].value
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.error.cause.cls_name == "RawTableError"
    assert [file.read_bytes() for file in good] == before
    assert len(shared_platform.materializations(raw_key(TABLE))) == records


def test_what_hangs_on_a_wrong_file_is_not_computed(shared_platform, csv):
    with_a_client_twice(csv)
    records = len(shared_platform.materializations(feature_key("application")))
    result = shared_platform.materialize(raw_key(TABLE), feature_key("application"))
    assert not result.success
    assert len(shared_platform.materializations(feature_key("application"))) == records


def test_no_half_written_file_stays_behind(shared_platform, csv):
    truncated(csv)
    shared_platform.materialize(raw_key(TABLE))
    assert [path for path in (shared_platform.folder / "home" / "scratch").rglob("*") if path.is_file()] == []
    names = {path.name for path in shared_platform.lake_file("raw").iterdir()}
    assert names == {f"{table}.{end}" for table in TABLES for end in ("parquet", "json")}


def test_a_table_of_another_extract_is_a_warning(shared_platform):
    file = shared_platform.raw_dir / TABLES["bureau"].file_name
    header, *lines = file.read_text().splitlines()
    try:
        # Every client's key, the first column, moved to where no client is.
        strangers = [f"{int(key) + 10_000_000},{rest}" for key, rest in (line.split(",", 1) for line in lines)]
        file.write_text("\n".join([header, *strangers]) + "\n")
        result = shared_platform.materialize(raw_key("bureau"))
    finally:
        file.write_text("\n".join([header, *lines]) + "\n")
    assert result.success
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert checks["schema"].passed
    orphans = checks["sk_id_curr_points_somewhere"]
    assert (orphans.passed, orphans.severity.value) == (False, "WARN")
    assert orphans.metadata["rows"].value == orphans.metadata["of_rows"].value == len(lines)
    assert shared_platform.lake_file(raw_file("bureau")).exists()
