import pytest

from benchmarks import features
from benchmarks.features import SIDES, floor_table, growth_table, least, main, side_table, step_table
from benchmarks.features_side import SIDES as PROGRAMS
from benchmarks.memory import Usage


def usage(wall, cpu=1.0, peak=1_000_000_000):
    return Usage(wall=wall, cpu=cpu, peak=peak, said="")


def test_pandas_time_is_shown_against_every_side():
    lines = list(side_table({"pandas": usage(80.0, 84.0), "ours": usage(20.0, 42.0)}))
    assert lines[-1].endswith("| 20.0 s | 42.0 s | 1.00 GB | 4.0 x | 2.0 x |")


def test_without_pandas_the_ratios_stay_empty():
    assert list(side_table({"ours": usage(20.0)}))[-1].endswith("|  |  |")


def test_our_share_of_the_floor_is_shown():
    assert list(floor_table({"ours": usage(40.0, 80.0), "floor-copy": usage(20.0, 36.0)}))[-1].endswith("| 50% | 45% |")


def test_without_a_floor_there_is_no_table_of_floors():
    assert list(floor_table({"ours": usage(40.0)})) == []


def test_the_steps_that_a_side_told_are_its_table():
    told = Usage(wall=9.0, cpu=9.0, peak=0, said="a warning\n| raw/bureau | 1.0 s | 2.0 s |\n612 columns\n")
    assert list(step_table(told))[2:] == ["| raw/bureau | 1.0 s | 2.0 s |"]
    assert list(step_table(None)) == []


def test_growth_in_proportion_is_one():
    lines = list(growth_table({10: usage(3.0, 6.0), 100: usage(30.0, 60.0)}))
    assert [line.rsplit("|", 3)[1:3] for line in lines[2:]] == [[" 1.00 ", " 1.00 "]] * 2


def test_the_least_time_and_the_highest_peak_of_runs_count():
    assert least(usage(3.0, 5.0, 7), usage(4.0, 4.0, 9)) == usage(3.0, 4.0, 9)


def test_every_side_but_pandas_has_a_program():
    assert set(SIDES) - set(PROGRAMS) == {"pandas"}


def test_a_folder_without_the_files_is_named_and_ends_the_program(tmp_path, capsys):
    assert main(["--raw", str(tmp_path)]) == 1
    assert "application_train.csv" in capsys.readouterr().err


def test_help_names_every_side(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(side in text for side in SIDES)


@pytest.mark.slow
def test_every_side_runs_and_has_its_row(csv_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(features, "CACHE", tmp_path)
    assert main(["--raw", str(csv_folder), "--sides", *SIDES]) == 0
    table = capsys.readouterr().out
    assert all(f"| {label} | " in table for label in SIDES.values())
