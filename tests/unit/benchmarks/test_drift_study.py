import pytest

from benchmarks import drift_study
from benchmarks.drift_study import judged, main, parsed
from benchmarks.drift_study_rates import Tally, load, save
from benchmarks.drift_study_tables import unshifted
from benchmarks.drift_study_trials import KINDS, SIZES, Batch, run


def test_processes_give_the_counts_that_one_gives():
    planned = [Batch("clean", "correlated", 50, first, 1, 0) for first in range(2)]
    assert judged(planned, 2) == run(Batch("clean", "correlated", 50, 0, 2, 0))


def test_the_page_is_written_again_from_kept_figures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(drift_study, "KEPT", tmp_path / "kept.json")
    figures = {unshifted("correlated", size): Tally(windows=1_000) for size in SIZES}
    save(tmp_path / "kept.json", figures)
    assert main(["--again", "--out", str(tmp_path / "docs")]) == 0
    assert "0 [0, 0.4]" in (tmp_path / "docs" / "drift_error_rates.md").read_text()
    assert "0 `alert`" in capsys.readouterr().out
    assert load(tmp_path / "kept.json") == figures


def test_a_missed_promise_fails_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(drift_study, "KEPT", tmp_path / "kept.json")
    save(tmp_path / "kept.json", {unshifted("correlated", 50): Tally(windows=1_000, alerts=1, warnings=1)})
    assert main(["--again", "--out", str(tmp_path / "docs")]) == 1


def test_without_figures_there_is_no_page_to_write_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(drift_study, "KEPT", tmp_path / "none.json")
    assert main(["--again", "--out", str(tmp_path)]) == 1
    assert "none.json" in capsys.readouterr().err


def test_all_kinds_of_windows_are_measured_unless_some_are_named():
    assert parsed([]).kinds == [*KINDS]
    assert parsed(["--kinds", "clean", "power"]).kinds == ["clean", "power"]


@pytest.mark.parametrize("arguments", [["--windows", "0"], ["--processes", "0"], ["--kinds", "none"]], ids=" ".join)
def test_options_that_make_no_sense_end_with_a_message(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        parsed(arguments)
    assert "drift_study: error:" in capsys.readouterr().err
