import numpy as np

from credit_risk.business_cost import cost_curve
from credit_risk.charts.model import cost_chart, importances_chart, model_charts
from credit_risk.estimate import Estimate

PNG = b"\x89PNG\r\n\x1a\n"
# Pictures are stored in the event log: a few hundred kB each would weigh on every page.
SMALL = 200_000


def test_a_model_has_four_small_pictures(trained):
    pictures = model_charts(trained)
    assert list(pictures) == ["roc", "cost", "calibration", "importances"]
    assert all(picture.startswith(PNG) and len(picture) < SMALL for picture in pictures.values())


def test_the_end_that_approves_all_can_be_drawn():
    curve = cost_curve(np.zeros(5), np.linspace(0.1, 0.5, 5))
    picture = cost_chart(curve, curve.best_threshold, Estimate(0.0, 0.0, 0.0))
    assert picture.startswith(PNG)


def test_a_booster_without_a_split_can_be_drawn():
    assert importances_chart({"A": 0.0, "B": 0.0}).startswith(PNG)


def test_the_picture_follows_its_figures():
    assert importances_chart({"A": 1.0, "B": 3.0}) != importances_chart({"A": 3.0, "B": 1.0})
