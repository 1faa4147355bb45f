"""The command line of the service benchmark."""

import pytest

from benchmarks import serving
from benchmarks.serving import CONNECTIONS, SECONDS, in_turn, parsed
from benchmarks.serving_process import ServerError
from benchmarks.serving_sides import SIDES


def test_by_default_all_sides_run_at_all_connections_without_a_soak():
    options = parsed([])
    assert options.sides == [*SIDES]
    assert options.connections == [*CONNECTIONS]
    assert (options.seconds, options.soak, options.features) == (SECONDS, 0, None)


def test_sides_connections_seconds_and_soak_can_be_chosen():
    options = parsed(["--sides", "ours", "floor", "--connections", "4", "--seconds", "2", "--soak", "10"])
    assert options.sides == ["ours", "floor"]
    assert options.connections == [4]
    assert (options.seconds, options.soak) == (2.0, 10)


def test_a_side_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        parsed(["--sides", "telepathy"])
    assert "telepathy" in capsys.readouterr().err


def test_a_side_that_cannot_be_measured_is_told_and_the_others_go_on(monkeypatch, capsys):
    measured = []

    def measure(name, *_):
        if name == "mlflow":
            raise ServerError("no such command")
        measured.append(name)
        return {}

    monkeypatch.setattr(serving, "measure", measure)
    figures = in_turn(None, None, parsed(["--sides", "mlflow", "ours"]))
    assert list(figures) == measured == ["ours"]
    assert "Running mlflow ... not measured: no such command" in capsys.readouterr().out
