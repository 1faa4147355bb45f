from collections import Counter

import numpy as np
import pytest

from benchmarks import drift_study_trials
from benchmarks.drift_study_population import CATEGORIES, FEATURES, Population, Shift
from benchmarks.drift_study_rates import Cell, summed
from benchmarks.drift_study_trials import (
    CLASSIFIER,
    KINDS,
    PROMISED,
    REFERENCE,
    SHIFTS,
    SIZES,
    Batch,
    batches,
    moving,
    run,
    scopes,
    shown,
)

PEOPLE = {dependence: Population(dependence, seed=0, clients=3_000) for dependence in ("correlated", "independent")}


@pytest.fixture(autouse=True)
def _small_population(monkeypatch):
    monkeypatch.setattr(drift_study_trials, "population", lambda dependence, _seed: PEOPLE[dependence])
    monkeypatch.setattr(drift_study_trials, "WHOLE_REFERENCE", 6_000)


def test_a_batch_gives_the_same_counts_again_and_in_parts():
    whole = run(Batch("clean", "correlated", 50, 0, 3, 0))
    parts = [run(Batch("clean", "correlated", 50, first, 1, 0)) for first in range(3)]
    again = summed(parts)
    assert whole.keys() == again.keys()
    assert all(np.isclose(whole[cell].largest, again[cell].largest) for cell in whole)
    assert all((whole[cell].touched, whole[cell].hits) == (again[cell].touched, again[cell].hits) for cell in whole)


def test_another_window_is_another_draw():
    sizes = {run(Batch("clean", "correlated", 50, number, 1, 0)).popitem()[1].largest for number in range(3)}
    assert len(sizes) == 3


def test_clean_windows_of_the_promised_size_show_the_promised_moves_too():
    figures = run(Batch("clean", "independent", 400, 0, 1, 0))
    assert {(cell.kind, cell.scope) for cell in figures} == {
        ("clean", "none"),
        *((s.kind, "promised") for s in PROMISED),
    }
    promised = Cell("independent", 400, REFERENCE, "mean", 0.5, "promised", "corrected")
    assert (figures[promised].moved, figures[promised].alerts) == (12, 1)


@pytest.mark.parametrize("dependence", ["correlated", "independent"])
def test_a_window_is_judged_under_every_shift_and_family(dependence):
    figures = run(Batch("power", dependence, 50, 0, 1, 0))
    expected = {(shift.kind, shift.amount, scope) for shift in shown(dependence) for scope in scopes(shift)}
    assert {(cell.kind, cell.amount, cell.scope) for cell in figures} == expected
    assert {tally.windows for tally in figures.values()} == {1}


def test_the_harmless_change_meets_a_usual_and_a_large_reference():
    figures = run(Batch("harmless", "correlated", 2_000, 0, 1, 0))
    assert {cell.reference for cell in figures} == {REFERENCE, 6_000}
    assert all(tally.moved == len(FEATURES) for tally in figures.values())


def test_a_clean_window_is_shown_to_the_multivariate_check():
    (cell, tally), *others = run(Batch("apart", "correlated", 50, 0, 1, 0)).items()
    assert not others
    assert (cell.kind, cell.rule, tally.windows) == ("clean", CLASSIFIER, 1)
    assert 0.3 < tally.largest < 0.7


def test_the_multivariate_check_sees_that_correlation_is_gone_where_no_rule_does(monkeypatch):
    gone = Shift("correlation", 0.0)
    monkeypatch.setattr(drift_study_trials, "APART", (gone,))
    monkeypatch.setattr(drift_study_trials, "SHIFTS", (gone,))
    told = run(Batch("apart_moved", "correlated", 200, 0, 1, 0))
    judged = run(Batch("power", "correlated", 200, 0, 1, 0))
    assert [tally.alerts for cell, tally in told.items() if cell.scope == "all"] == [1]
    assert [tally.warnings for cell, tally in judged.items() if cell.scope == "all"] == [0, 0]


def test_without_correlation_none_can_go():
    assert {shift.kind for shift in shown("correlated")} - {shift.kind for shift in shown("independent")} == {
        "correlation"
    }


@pytest.mark.parametrize("shift", SHIFTS, ids=str)
def test_one_feature_is_of_the_family_and_the_family_of_all(shift):
    one, family, everything = (moving(shift, scope) for scope in ("one", "family", "all"))
    assert (len(one), len(family), len(everything)) == (1, 12, 30)
    assert set(one) < set(family) < set(everything)


def test_only_categories_have_a_mix():
    assert moving(Shift("mix", 0.1), "family") == CATEGORIES
    assert "all" not in scopes(Shift("mix", 0.1))


@pytest.mark.parametrize("windows", [1, 50, 1_000])
def test_a_study_has_each_window_once(windows):
    planned = batches(windows, seed=0)
    drawn = Counter(
        (batch.kind, batch.dependence, batch.size, number)
        for batch in planned
        for number in range(batch.first, batch.first + batch.count)
    )
    assert set(drawn.values()) == {1}
    assert sum(kind == "clean" for kind, *_ in drawn) == windows * 2 * len(SIZES)
    assert {kind for kind, *_ in drawn} == set(KINDS)
