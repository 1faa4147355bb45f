"""The drift chart: a readable picture of any report."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.image import imread

from credit_risk.charts import drift as chart
from credit_risk.charts.drift import DRIFTED_COLOUR, STABLE_COLOUR, drift_chart
from credit_risk.drift import compute_drift_report


def report_of(n_features, n_moved=0, n=200):
    rng = np.random.default_rng(1)
    names = [f"BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_OVER_LIMIT_MEAN_{i}" for i in range(n_features)]
    reference = pd.DataFrame(rng.normal(size=(1_000, n_features)), columns=names)
    current = pd.DataFrame(rng.normal(size=(n, n_features)), columns=names)
    current[names[:n_moved]] += 2.0
    return compute_drift_report(reference, current)


def pixels(png):
    return imread(BytesIO(png), format="png")


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the figure that a chart drew, caught on their way to the file."""
    caught = []
    monkeypatch.setattr(chart, "png", lambda figure: caught.append(figure.axes[0]) or b"")
    return caught


def share_of(picture, colour):
    return np.isclose(picture[..., :3], colors.to_rgb(colour), atol=0.02).all(axis=-1).mean()


def test_drifted_features_are_red_and_the_others_green():
    picture = pixels(drift_chart(report_of(4, n_moved=2), title="2026-11-03"))
    assert share_of(picture, DRIFTED_COLOUR) > 0.01
    assert share_of(picture, STABLE_COLOUR) > 0.001


def test_a_clean_window_has_no_red():
    assert share_of(pixels(drift_chart(report_of(4), title="2026-11-03")), DRIFTED_COLOUR) == 0.0


def test_the_title_tells_day_status_and_counts(drawn):
    drift_chart(report_of(10, n_moved=4), title="2026-11-03 against model 3")
    axes: Axes = drawn[0]
    assert axes.get_title(loc="left") == (
        "2026-11-03 against model 3\nalert: 4 of 10 features drifted (40 %), 200 predictions, rule corrected"
    )


def test_the_largest_change_is_on_top_and_names_keep_their_ends(drawn):
    report = report_of(12, n_moved=1)
    drift_chart(report, title="a day")
    labels = [label.get_text() for label in drawn[0].get_yticklabels()]
    assert labels[-1].startswith("BUREAU_ACTIVE")
    assert labels[-1].endswith("LIMIT_MEAN_0")
    assert len(set(labels)) == 12


def test_more_than_thirty_features_are_cut_and_counted(drawn):
    drift_chart(report_of(40), title="a day")
    assert len(drawn[0].get_yticklabels()) == 30
    assert drawn[0].get_title(loc="left").endswith("the 30 largest changes; 10 smaller ones not shown")


def test_thirty_long_names_stay_a_small_file():
    picture = drift_chart(report_of(30, n_moved=5), title="2026-11-03")
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 300_000


def test_a_window_without_predictions_has_a_chart():
    assert drift_chart(report_of(3, n=0), title="2026-11-03").startswith(b"\x89PNG")
