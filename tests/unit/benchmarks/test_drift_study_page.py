import pytest

from benchmarks.drift_study_page import DOCS, PAGE, basis, renewed, tables, write
from benchmarks.drift_study_population import Shift
from benchmarks.drift_study_rates import Tally
from benchmarks.drift_study_tables import false_alarms, promises, shifted, single, unshifted
from benchmarks.drift_study_trials import DEPENDENCES, SHIFTS, SIZES
from credit_risk.errors import CreditError


def test_a_part_is_renewed_between_its_markers_and_the_prose_stays():
    page = "Before.\n<!-- study: one -->\nold\n<!-- end -->\nAfter.\n"
    new = renewed(page, {"one": ["new"]})
    assert new == "Before.\n<!-- study: one -->\n\nnew\n\n<!-- end -->\nAfter.\n"
    assert renewed(new, {"one": ["new"]}) == new


@pytest.mark.parametrize("parts", [{}, {"one": [], "two": []}], ids=["too few", "too many"])
def test_a_marker_without_a_part_or_a_part_without_a_marker_is_an_error(parts):
    with pytest.raises(CreditError, match="on one side only"):
        renewed("<!-- study: one -->\n<!-- end -->", parts)


def test_the_page_of_the_documentation_has_a_place_for_every_part():
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    assert renewed(page, tables({}))


def test_every_picture_of_the_page_is_drawn(tmp_path):
    page = write(tmp_path, {})
    for name in ("drift_false_alarms.png", "drift_power.png"):
        assert f"images/{name}" in page.read_text(encoding="utf-8")
        assert (tmp_path / "images" / name).read_bytes().startswith(b"\x89PNG")


def test_a_promise_is_met_missed_or_not_measured():
    figures = {
        unshifted("correlated", 50): Tally(windows=1_000, warnings=5),
        unshifted("correlated", 400): Tally(windows=1_000, warnings=6),
        unshifted("correlated", 5_000): Tally(windows=1_000, warnings=1, alerts=1),
        shifted(Shift("mean", 0.5), "promised", "correlated", 400): Tally(windows=1_000, alerts=990),
        shifted(Shift("value", 0.5), "promised", "correlated", 400): Tally(windows=1_000, alerts=989),
    }
    ends = [line.split("|")[-2].strip() for line in promises(figures)[2:]]
    assert ends[:6] == ["met", "**missed**", "**missed**", "not measured", "met", "**missed**"]


def test_false_alarms_stand_beside_their_intervals():
    figures = {unshifted("correlated", 50, "classic"): Tally(windows=1_000, touched=500, warnings=100, alerts=10)}
    row = next(line for line in false_alarms(figures) if line.startswith("| correlated | 50 |"))
    assert "| 50 [47, 53] | 10 [8.3, 12] | 1.0 [0.5, 1.8] |" in row


def test_a_feature_alone_is_counted_by_itself_not_by_the_status():
    figures = {shifted(Shift("mean", 0.5), "one", "correlated", 50): Tally(windows=400, moved=400, hits=100, alerts=0)}
    row = next(line for line in single(figures, "correlated") if line.startswith("| mean, 0.5 sd |"))
    assert row.startswith("| mean, 0.5 sd | 25 [21, 29] |")


def test_the_page_says_on_how_many_windows_it_rests():
    clean = {
        unshifted(dependence, size): Tally(windows=1_000 if size == 50 else 900)
        for dependence in DEPENDENCES
        for size in SIZES
    }
    moved = {shifted(SHIFTS[0], "one", dependence, 400): Tally(windows=300) for dependence in DEPENDENCES}
    said = basis({**clean, **moved})[0]
    assert "900 to 1,000 clean windows" in said
    assert "300 of 400" in said
