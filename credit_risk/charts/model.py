"""Pictures of a trained model: ranking, cost, calibration and importances, as PNG bytes.

Here: how they are drawn. Add a picture when people would rather look than read. Keep out:
the figures themselves (credit_risk.evaluation, business_cost, calibration).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.business_cost import CostCurve, cost_curve
from credit_risk.calibration import reliability
from credit_risk.charts.png import png
from credit_risk.estimate import Estimate
from credit_risk.evaluation import roc_curve
from credit_risk.training import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A line of 300,000 points looks like one of 500, and takes seconds to draw.
MAX_POINTS = 500
# As many as are monitored by default, so that the picture shows what drift reports watch.
TOP = 30
SIZE = (6.4, 4.8)
BLUE, ORANGE, GREY = "#1f5a99", "#d9822b", "#8a8a8a"


def model_charts(model: TrainedModel) -> dict[str, bytes]:
    """All pictures of a model by name: roc, cost, calibration, importances."""
    target, probability, weight = (
        model.out_of_fold[column].to_numpy(dtype=np.float64) for column in ("target", "probability", "weight")
    )
    auc, cost = (
        Estimate(model.metrics[name], model.metrics[f"{name}_low"], model.metrics[f"{name}_high"])
        for name in ("auc", "business_cost")
    )
    return {
        "roc": roc_chart(roc_curve(target, probability, weights=weight), auc),
        "cost": cost_chart(cost_curve(target, probability, weights=weight), model.threshold, cost),
        "calibration": calibration_chart(
            reliability(target, probability, weights=weight), model.metrics["expected_calibration_error"]
        ),
        "importances": importances_chart(model.importances),
    }


def roc_chart(curve: pd.DataFrame, auc: Estimate) -> bytes:
    """The ROC curve, `good_refused` against `defaults_refused`, with AUC and its interval."""
    figure, axes = _figure("Out-of-fold ROC curve")
    points = curve.iloc[_thinned(len(curve))]
    axes.plot(points["good_refused"], points["defaults_refused"], color=BLUE, label=f"AUC {auc}")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
    axes.set(xlabel="good applicants refused (share)", ylabel="defaults refused (share)", aspect="equal")
    axes.legend(loc="lower right")
    return png(figure)


def cost_chart(curve: CostCurve, threshold: float, cost: Estimate) -> bytes:
    """Cost per application against the threshold, with the chosen one and its interval."""
    figure, axes = _figure("Business cost by threshold")
    # The chosen threshold lies on the line, however few of its points are drawn.
    kept = sorted({*_thinned(len(curve.thresholds)), int(np.argmin(curve.costs))})
    axes.plot(curve.thresholds[kept], curve.costs[kept], color=BLUE)
    axes.axvline(threshold, color=ORANGE, linestyle="--", label=f"threshold {threshold:.4f}")
    axes.errorbar(
        threshold,
        cost.value,
        yerr=[[max(0.0, cost.value - cost.low)], [max(0.0, cost.high - cost.value)]],
        color=ORANGE,
        marker="o",
        capsize=4,
        linestyle="none",
        label=f"cost {cost}",
    )
    # Beyond a few thresholds' worth everyone is approved and the line is flat.
    axes.set(
        xlabel="threshold (probability of default)",
        ylabel="cost per application",
        xlim=(0, min(1.0, max(0.02, 5 * threshold))),
        ylim=(0, None),
    )
    axes.legend(loc="best")
    return png(figure)


def calibration_chart(table: pd.DataFrame, error: float) -> bytes:
    """Observed against predicted default rates by bin, with the applications in each bin."""
    figure, axes = _figure(f"Calibration (expected error {error:.4f})")
    top = 1.1 * float(max(table["predicted"].max(), table["observed"].max(), 1e-3))
    axes.plot([0, top], [0, top], color=GREY, linestyle=":", label="as predicted")
    axes.plot(table["predicted"], table["observed"], color=BLUE, marker="o", label="observed")
    for predicted, observed, n in zip(table["predicted"], table["observed"], table["n"], strict=True):
        axes.annotate(
            f"{n:,}",
            (predicted, observed),
            xytext=(5, -9),
            textcoords="offset points",
            fontsize=7,
            color=GREY,
        )
    axes.set(
        xlabel="predicted probability of default (mean of the bin)",
        ylabel="observed share of defaults",
        xlim=(0, top),
        ylim=(0, 1.1 * top),
    )
    axes.legend(loc="upper left")
    return png(figure)


def importances_chart(importances: Mapping[str, float], top: int = TOP) -> bytes:
    """The most important features by gain, as shares of the gain of all."""
    ranked = sorted(importances.items(), key=lambda item: (-item[1], item[0]))[:top]
    # A booster without a split has no gain to share out.
    total = sum(importances.values()) or 1.0
    figure, axes = _figure(f"Importance: {len(ranked)} of {len(importances)} features", height=1.2 + 0.2 * len(ranked))
    names = [name for name, _ in reversed(ranked)]
    axes.barh(names, [100 * gain / total for _, gain in reversed(ranked)], color=BLUE)
    axes.set(xlabel="share of the gain of all features (%)", ylim=(-0.6, len(ranked) - 0.4))
    axes.tick_params(axis="y", labelsize=7)
    return png(figure)


def _figure(title: str, height: float = SIZE[1]) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0], height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _thinned(n: int) -> list[int]:
    """Positions of at most `MAX_POINTS` points, both ends among them."""
    return sorted(set(np.linspace(0, n - 1, MAX_POINTS).astype(int).tolist()))
