"""Charts are specifications: what they say is checked, how they look is seen in the browser."""

from datetime import date

import pandas as pd
import pytest

from dashboard.charts import decisions, drift, model, score
from dashboard.elements import png
from dashboard.palette import APPROVED, DRIFTED, NEUTRAL, REFUSED, STABLE

DETAILS = pd.DataFrame(
    {"feature": ["a", "b"], "kind": "numeric", "size": [0.4, None], "q_value": [1e-9, 0.5], "drifted": [True, False]}
)
SCORES = pd.DataFrame(
    {
        "day": [date(2026, 11, 1)] * 3,
        "model_version": "1",
        "decision": ["APPROVED", "REFUSED", "REFUSED"],
        "bucket": [4, 40, 120],
        "threshold": 0.1,
        "n": [70, 20, 10],
    }
)


def rows(chart):
    """All data of a chart, one frame a dataset."""
    return [pd.DataFrame(values) for values in chart.to_dict()["datasets"].values()]


def scales(chart):
    return str(chart.to_dict())


def test_drifted_features_are_red_and_others_green():
    (data,) = rows(drift.features(DETAILS))
    assert data.set_index("feature")["verdict"].to_dict() == {"a": "drifted", "b": "not drifted"}
    assert f"'domain': ['drifted', 'not drifted'], 'range': ['{DRIFTED}', '{STABLE}']" in scales(
        drift.features(DETAILS)
    )


def test_no_more_features_are_drawn_than_asked_for():
    (data,) = rows(drift.features(DETAILS, n=1))
    assert list(data["feature"]) == ["a"]


def test_bars_of_the_histogram_hold_every_decision():
    bars = next(frame for frame in rows(decisions.histogram(SCORES, 0.1)) if "n" in frame)
    assert bars["n"].sum() == SCORES["n"].sum()
    assert (bars["end"] > bars["start"]).all()


def test_the_threshold_is_written_beside_its_line():
    words = next(frame for frame in rows(decisions.histogram(SCORES, 0.097)) if "words" in frame)
    assert words["words"].tolist() == ["threshold 9.7%"]


def test_decisions_keep_their_colours():
    assert f"'range': ['{APPROVED}', '{REFUSED}']" in scales(decisions.volume(SCORES))


@pytest.mark.parametrize(("probability", "colour"), [(0.05, APPROVED), (0.1, REFUSED), (1.0, REFUSED)])
def test_the_gauge_tells_the_decision_by_colour(probability, colour):
    chart = score.gauge(probability, 0.1)
    number = next(layer for layer in chart.to_dict()["layer"] if layer["mark"].get("fontSize") == 36)
    assert number["mark"]["color"] == colour


def test_contributions_say_in_which_direction_they_speak():
    frame = pd.DataFrame({"feature": ["a", "b"], "value": [None, "x"], "contribution": [0.4, -0.2]})
    (data,) = rows(score.contributions(frame))
    assert data["speaks"].tolist() == ["to refusal", "to approval"]
    assert data["value"].tolist() == ["missing", "x"]


def test_the_live_threshold_is_marked_once_when_nobody_moved_it():
    curve = pd.DataFrame({"threshold": [0.0, 0.1], "cost": [9.0, 5.0]})
    labels = [frame["words"].iloc[0] for frame in rows(model.cost(curve, 0.1, 0.1)) if "words" in frame]
    assert labels == ["live 10.0%"]
    moved = [frame["words"].iloc[0] for frame in rows(model.cost(curve, 0.1, 0.2)) if "words" in frame]
    assert sorted(moved) == ["chosen 20.0%", "live 10.0%"]


def test_points_without_a_rank_are_grey():
    points = pd.DataFrame(
        {"feature": ["a", "a"], "contribution": [0.1, 0.2], "rank": [0.5, None], "spread": 0.0, "applicant": [0, 1]}
    )
    grey, coloured = model.shap_summary(points).to_dict()["layer"]
    assert grey["encoding"]["color"] == {"value": NEUTRAL}
    assert coloured["encoding"]["color"]["field"] == "rank"


def test_days_are_drawn_in_utc():
    reports = pd.DataFrame(
        {"report_date": pd.to_datetime(["2026-11-01"]), "status": "ok", "drift_percentage": 3.0,
         "n_features_drifted": 1, "n_features_analyzed": 30, "n_predictions": 100, "model_version": "1"}
    )  # fmt: skip
    assert "'timeUnit': 'utcyearmonthdate'" in scales(drift.history(reports))


def vintages_of(days):
    frame = pd.DataFrame(
        {"report_date": days, "model_version": "1", "came": 0.5, "low": 0.4, "high": 0.6, "hoped": 0.5}
    )
    named = frame.rename(columns={"low": "came_low", "high": "came_high"})
    return scales(model.vintages(named, "came", "hoped", "cost"))


def test_a_few_days_are_written_once_each():
    assert "'tickCount': {'interval': 'day', 'step': 1}" in vintages_of([date(2026, 11, 1), date(2026, 11, 2)])
    assert "tickCount" not in vintages_of([date(2026, 1, 1), date(2026, 11, 2)])


def test_long_names_of_features_keep_their_end():
    ratio = "DEF_30_CNT_SOCIAL_CIRCLE_TO_OBS_30_CNT_SOCIAL_CIRCLE"
    bins = pd.DataFrame({"side": "training", "share": [1.0], "start": [0.0], "end": [1.0]})
    assert "DEF_30_CNT_SOC…T_SOCIAL_CIRCLE" in scales(drift.distribution(bins, ratio, numeric=True))
    assert "slice(datum.label, -12)" in scales(drift.features(DETAILS))


def test_a_legend_beside_long_names_is_a_column_that_a_phone_has_room_for():
    assert "'columns': 1" in scales(drift.features(DETAILS))


def test_a_picture_is_saved_as_png():
    assert png(drift.features(DETAILS)).startswith(b"\x89PNG")
