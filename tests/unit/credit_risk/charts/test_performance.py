"""The performance chart: estimates and what came true, whatever is unknown."""

from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from credit_risk.charts import performance as chart
from credit_risk.charts.performance import performance_chart
from credit_risk.performance import performance_report, reference_performance
from credit_risk.prices import Prices
from resources.performance_reports import row_of

FIRST = date(2026, 1, 1)


def rows(n_days=3, known_days=2):
    """Days of stored rows; the last ones wait for their labels."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.2, 2_000)
    y = (rng.random(2_000) < p).astype(float)
    reference = reference_performance(pd.DataFrame({"target": y, "probability": p, "weight": 1.0}), 0.1)
    found = []
    for number in range(n_days):
        target = np.where((p < 0.1) & (number < known_days), y, np.nan)
        frame = pd.DataFrame({"probability": p, "approved": p < 0.1, "target": target, "random_share": np.nan})
        report = performance_report(frame, reference=reference, prices=Prices())
        found.append({"report_date": FIRST + timedelta(days=number), "model_version": "1"} | row_of(report))
    return found


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the figure that was drawn, caught on their way to the file."""
    caught = []
    monkeypatch.setattr(chart, "png", lambda figure: caught.extend(figure.axes) or b"")
    return caught


def test_it_is_a_picture_of_a_size_that_metadata_can_hold():
    png = performance_chart(rows())
    assert imread(BytesIO(png), format="png").shape[1] > 800
    assert len(png) < 150_000


def test_realised_points_are_missing_where_labels_are(drawn):
    found = rows()
    performance_chart(found)
    cost = drawn[0]
    # The ends of the intervals are lines as well: between what came true and the promise.
    estimated, realised, *_, reference = (line.get_ydata() for line in cost.get_lines())
    assert np.isnan(realised).tolist() == [False, False, True]
    assert realised[0] == found[0]["cost_realised_approved"]
    assert estimated.tolist() == [row["cost_estimated_approved"] for row in found]
    assert len(set(reference)) == 1


def test_the_model_with_most_decisions_stands_for_a_day(drawn):
    few, many = rows(1), rows(1)
    few[0] |= {"model_version": "0", "n_decided": 1, "cost_estimated_approved": 99.0}
    performance_chart([*few, *many])
    assert drawn[0].get_lines()[0].get_ydata().tolist() == [many[0]["cost_estimated_approved"]]


def test_days_of_which_nothing_is_known_are_drawn_all_the_same():
    unknown = rows(1, known_days=0)
    blank = {name: None for name in unknown[0] if name.endswith(("_low", "_high")) or name.startswith(("auc", "cost"))}
    assert performance_chart([unknown[0] | blank]).startswith(b"\x89PNG")


@pytest.mark.parametrize("n_days", [1, 2, 40])
def test_the_time_axis_is_labelled_in_days(drawn, n_days):
    performance_chart(rows(n_days, known_days=1))
    axis = drawn[-1].xaxis
    labels = axis.get_major_formatter().format_ticks(axis.get_ticklocs())
    days = [date.fromisoformat(label) for label in labels]
    assert days
    # Hours of a day would all be labelled by it.
    assert len(set(days)) == len(days)


def test_interval_and_promise_of_a_single_day_are_as_wide_as_the_day(drawn):
    performance_chart(rows(1))
    cost = drawn[0]
    band, promise = cost.collections[0].get_paths()[0].vertices, cost.get_lines()[-1].get_xydata()
    assert np.ptp(band, axis=0).min() > 0
    assert np.ptp(promise, axis=0).tolist() == [1.0, 0.0]
