"""What several pictures share: how colours are bound to names, rules at a threshold, sizes."""

from collections.abc import Iterable, Mapping

import altair as alt
import pandas as pd

HEIGHT = 300
# A horizontal bar with its label, and what stands above and below all of them.
BAR_STEP = 21
AROUND_BARS = 120
# Longer names of engineered features would push the bars off a phone.
LABEL_LIMIT = 170

AnyChart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.HConcatChart | alt.FacetChart


def coloured(field: str, colours: Mapping[str, str], *, title: str | None = None) -> alt.Color:
    """A colour channel in which each name keeps its colour, whichever names occur."""
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(title=title, orient="top", symbolType="square", labelLimit=LABEL_LIMIT),
    )


def threshold_rule(threshold: float, colour: str, *, words: str = "threshold") -> alt.LayerChart:
    """A dashed line at a probability, with its value written beside it."""
    at = alt.Chart(pd.DataFrame({"threshold": [threshold], "words": [f"{words} {threshold:.1%}"]}))
    rule = at.mark_rule(strokeDash=[5, 4], strokeWidth=1.6, color=colour).encode(x="threshold:Q")
    label = at.mark_text(align="left", dx=5, y=8, fontSize=11, color=colour).encode(x="threshold:Q", text="words:N")
    return rule + label


def bars_height(n: int) -> int:
    """Of so many horizontal bars."""
    return BAR_STEP * n + AROUND_BARS


def names(field: str, order: Iterable[str]) -> alt.Y:
    """A vertical axis of names in this order, every one written."""
    axis = alt.Axis(labelLimit=LABEL_LIMIT, labelOverlap=False)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def days(field: str) -> alt.X:
    """A horizontal axis of UTC days, a band each."""
    return alt.X(
        f"{field}:T", timeUnit="utcyearmonthdate", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True)
    )


def day_tip(field: str, title: str = "day") -> alt.Tooltip:
    """A UTC day in words."""
    return alt.Tooltip(f"{field}:T", timeUnit="utcyearmonthdate", title=title)


def moments(field: str) -> alt.X:
    """A horizontal axis of UTC moments."""
    axis = alt.Axis(format="%d %b %H:%M", labelOverlap=True, tickCount=6)
    return alt.X(f"{field}:T", title=None, axis=axis, scale=alt.Scale(type="utc"))
