"""The drift chart: how far each monitored feature of a window has moved, and which count as drifted.

Here: one picture of a `DriftReport`. Keep out: what counts as drifted (`credit_risk.drift`).
"""

from typing import TYPE_CHECKING

import pandas as pd

from credit_risk.charts.png import png
from credit_risk.drift import UNTESTABLE, DriftReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Red and green of one lightness, so that the hatching of a drifted bar, not the hue alone, tells
# them apart for everyone.
DRIFTED_COLOUR = "#c0392b"
STABLE_COLOUR = "#2e8b57"

# The default number of monitored features; with all 419 a page of bars would say nothing.
MOST_FEATURES = 30

INCHES_A_BAR = 0.27
INCHES_OF_FRAME = 1.6
WIDTH = 9.0

# Longer names of engineered features would push the bars off the page.
LONGEST_NAME = 44


def drift_chart(report: DriftReport, *, title: str, max_features: int = MOST_FEATURES) -> bytes:
    """A horizontal bar for each feature, largest move on top, red where it drifted.

    The length of a bar is the size of the change: the Kolmogorov-Smirnov statistic of a number,
    the corrected total-variation distance of a category, the difference of the missing shares
    where missingness is the stronger evidence (marked "missing").

    Args:
        report: of one window.
        title: its day and model; status and counts are added.
        max_features: bars to draw, the largest first; the title tells how many are left out.

    Returns:
        A PNG file.
    """
    from matplotlib.figure import Figure

    details = report.details.head(max_features).iloc[::-1]
    figure = Figure(figsize=(WIDTH, INCHES_OF_FRAME + INCHES_A_BAR * len(details)))
    axes = figure.subplots()
    _bars(axes, details)
    axes.set_xlabel("size of the change (Kolmogorov-Smirnov statistic for numbers)")
    left_out = len(report.details) - len(details)
    verdict = f"{report.status}: {report.n_features_drifted} of {report.n_features_analyzed} features drifted"
    context = f"({report.drift_percentage:.0f} %), {report.n_predictions:,} predictions, rule {report.rule}"
    lines = [title, f"{verdict} {context}"]
    if left_out:
        lines.append(f"the {len(details)} largest changes; {left_out} smaller ones not shown")
    axes.set_title("\n".join(lines), loc="left", fontsize=10)
    return png(figure)


def _bars(axes: "Axes", details: pd.DataFrame) -> None:
    """One bar a row, from the bottom up, with its size beside it."""
    sizes = details["size"].fillna(0.0).to_numpy()
    places = range(len(details))
    drifted = details["drifted"].tolist()
    axes.barh(
        places,
        sizes,
        color=[DRIFTED_COLOUR if moved else STABLE_COLOUR for moved in drifted],
        hatch=["//" if moved else "" for moved in drifted],
        edgecolor="white",
        height=0.78,
    )
    axes.set_yticks(places, [_shortened(name) for name in details["feature"]], fontsize=8)
    axes.set_ylim(-0.6, max(len(details), 1) - 0.4)
    axes.set_xlim(0.0, max(1.12 * float(sizes.max(initial=0.0)), 0.2))
    for place, size, test in zip(places, sizes, details["test"], strict=True):
        label = UNTESTABLE if test == UNTESTABLE else f"{size:.3f}{' missing' * (test == 'missingness')}"
        axes.annotate(label, (size, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def _shortened(name: str) -> str:
    """A long name without its middle: features of one source differ at the end."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[1 - LONGEST_NAME // 2 :]}"
