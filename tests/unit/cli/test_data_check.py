"""`credit data check`: every problem of every file of a folder, and what the files say of each other."""

import pytest
from rich.console import Console

from cli import data_check as command
from cli.data_check import FileReport, check_folder, data_check, print_reports, unknown_files
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.violations import Violation


@pytest.fixture
def folder(raw_csv, tmp_path):
    """The eight files, right and complete; the clients of application_test are others."""
    for table in TABLES:
        raw_csv(table)
    raw_csv("application_test", cells={(row, "SK_ID_CURR"): str(11 + row) for row in range(3)})
    return tmp_path


@pytest.fixture
def printed(monkeypatch):
    """What the command prints, on a wide page."""
    console = Console(record=True, width=500)
    monkeypatch.setattr(command, "console", console)
    return console.export_text


def test_a_good_folder_passes_with_the_extras_of_the_download(folder, printed):
    (folder / "HomeCredit_columns_description.csv").write_bytes("Spalte \u00e4\n".encode("cp1252"))
    (folder / "sample_submission.csv").write_text("SK_ID_CURR,TARGET\n")
    assert data_check(folder) == 0
    assert printed(clear=False).count("OK") == 8
    assert "not read" not in printed()


def test_another_file_is_named(tmp_path):
    for name in ("bureau (1).csv", "bureau.csv", "sample_submission.csv", "notes.txt"):
        (tmp_path / name).touch()
    assert unknown_files(tmp_path) == ["bureau (1).csv"]


def test_every_problem_of_every_file_is_named(raw_csv, folder, printed):
    raw_csv("bureau", cells={(0, "AMT_CREDIT_SUM"): "much", (1, "SK_ID_BUREAU"): "1"})
    (folder / "bureau_balance.csv").write_text("")
    (folder / "POS_CASH_balance.csv").unlink()
    assert data_check(folder) == 1
    text = printed()
    for part in ("'much'", "1 in 2 rows", "0 bytes and no header", "no file", "2 problems", "1 problem"):
        assert part in text
    assert text.count("OK") == 5


def test_rows_that_point_nowhere_are_counted_and_not_fatal(raw_csv, folder, printed):
    raw_csv("bureau", cells={(2, "SK_ID_CURR"): "999"})
    (folder / "bureau (1).csv").touch()
    assert data_check(folder) == 0
    text = printed()
    assert "point nowhere" in text
    assert "application_train or application_test" in text
    assert "bureau (1).csv" in text


def test_nothing_is_said_of_parents_that_could_not_be_read(raw_csv, folder):
    (folder / "previous_application.csv").unlink()
    raw_csv("application_test", cells={(0, "SK_ID_CURR"): "77", (1, "SK_ID_CURR"): "1"})
    reports = {report.table: report for report in check_folder(folder)}
    assert list(reports) == list(TABLES)
    assert list(reports["POS_CASH_balance"].orphans) == ["application_train or application_test"]
    # The clients 1 and 3 have an outcome in one file and none in the other.
    (violation,) = reports["application_test"].violations
    assert (violation.check, violation.n_rows) == ("in_one_application_table", 2)


def test_a_wrong_folder_is_told_in_one_line(tmp_path, printed):
    assert data_check(tmp_path / "nowhere") == 1
    (tmp_path / "file").touch()
    assert data_check(tmp_path / "file") == 1
    text = printed()
    assert "found nothing at" in text
    assert "found a file at" in text


def test_a_value_that_looks_like_markup_is_printed_as_it_stands(tmp_path):
    found = Violation("bureau", None, "type", 1, (), "'[red]9[/red]'", "a number", "correct it")
    console = Console(record=True, width=500)
    print_reports(console, [FileReport("bureau", tmp_path / "bureau.csv", (found,), None, {})])
    assert "'[red]9[/red]'" in console.export_text()
