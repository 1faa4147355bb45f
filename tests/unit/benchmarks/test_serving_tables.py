"""The tables of the service benchmark."""

from dataclasses import replace

import pytest

from benchmarks.serving_load import Window
from benchmarks.serving_sides import FLOOR, MLFLOW, OURS
from benchmarks.serving_tables import SOAK_HEAD, cost_table, error_lines, ratio_table, side_table, soak_row

WINDOW = Window(
    rate=2000.0,
    p50=7.0,
    p95=9.0,
    p99=12.0,
    longest=31.0,
    errors={},
    server_cpu=0.8,
    database_cpu=0.3,
    client_cpu=0.2,
    memory=250_000_000,
)
FIGURES = {
    OURS: {16: WINDOW},
    FLOOR: {16: replace(WINDOW, rate=4000.0, p99=6.0, database_cpu=0.0)},
    MLFLOW: {16: replace(WINDOW, rate=10.0, errors={"status 503": 3, "connection closed": 1})},
}


def cells_of(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("table", [side_table, ratio_table, cost_table])
def test_every_row_has_the_columns_of_its_head(table):
    head, rule, *rows = table(FIGURES)
    assert rows
    assert {len(cells_of(row)) for row in (rule, *rows)} == {len(cells_of(head))}


def test_a_side_has_its_rate_latencies_errors_and_cores():
    rows = [cells_of(row) for row in side_table(FIGURES)]
    assert rows[2][1:] == ["16", "2,000", "7.0", "9.0", "12.0", "0", "0.80", "0.30", "0.20", "250"]
    assert rows[4][6] == "4"


def test_ratios_are_ours_to_each_other_side():
    _, _, floor, mlflow = ratio_table(FIGURES)
    assert cells_of(floor)[1:] == ["0.50", "2.00"]
    assert cells_of(mlflow)[1:] == ["200.00", "1.00"]


def test_there_are_no_ratios_without_our_side():
    assert list(ratio_table({FLOOR: FIGURES[FLOOR]})) == []


def test_a_count_that_a_side_was_not_measured_at_stays_empty():
    figures = {OURS: {1: WINDOW, 16: WINDOW}, FLOOR: FIGURES[FLOOR]}
    assert cells_of(list(ratio_table(figures))[2])[1:] == ["", "0.50", "", "2.00"]


def test_the_cost_of_an_answer_is_cores_by_rate():
    assert cells_of(list(cost_table(FIGURES))[2])[2:] == ["0.400", "0.150", "0.100"]


def test_errors_are_told_by_what_they_were():
    (line,) = error_lines(FIGURES)
    assert line.endswith("16 connections: 3 x status 503, 1 x connection closed")


def test_a_minute_of_a_soak_is_a_row_of_its_table():
    cells = cells_of(soak_row(4, WINDOW))
    assert len(cells) == len(cells_of(SOAK_HEAD[0])) == len(cells_of(SOAK_HEAD[1]))
    assert cells == ["4", "2,000", "7.0", "12.0", "31", "0", "250"]
