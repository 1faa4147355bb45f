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
# As many capitals as fit into it. Engineered names differ at their ends, so their middle is left out; words are cut
# at the end, by the limit.
LABEL_LETTERS = 24
# So many days have room for a label each.
FEW_DAYS = 10

AnyChart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.HConcatChart | alt.FacetChart


def coloured(
    field: str, colours: Mapping[str, str], *, title: str | None = None, beside_names: bool = False
) -> alt.Color:
    """A colour channel in which each name keeps its colour, whichever names occur.

    Args:
        field: of the names.
        colours: by name.
        title: of the legend.
        beside_names: the picture has an axis of `names`, which leaves a phone too little width for a legend in a row.
    """
    columns = 1 if beside_names else alt.Undefined
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(title=title, orient="top", symbolType="square", labelLimit=LABEL_LIMIT, columns=columns),
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
    """A vertical axis of names in this order, every one written, long ones without their middle."""
    axis = alt.Axis(labelExpr=_shortened("datum.label"), labelLimit=LABEL_LIMIT, labelOverlap=False)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def without_middle(name: str, letters: int) -> str:
    """A feature's name in so many letters: its beginning and its end."""
    return name if len(name) <= letters else f"{name[: letters // 2 - 1]}…{name[-(letters // 2) :]}"


def _shortened(label: str) -> str:
    """The same for the label of an axis, as Vega computes it; words in small letters stay whole."""
    half = LABEL_LETTERS // 2
    cut = f"slice({label}, 0, {half - 1}) + '…' + slice({label}, -{half})"
    return f"length({label}) > {LABEL_LETTERS} && upper({label}) == {label} ? {cut} : {label}"


def days(field: str, shown: pd.Series) -> alt.X:
    """A horizontal axis of UTC days, a band each.

    Args:
        field: of the days.
        shown: the days.
    """
    axis = alt.Axis(format="%d %b", labelOverlap=True)
    if (shown.max() - shown.min()).days <= FEW_DAYS:
        # Left to itself the axis would write a day twice, at midnight and at noon.
        axis.tickCount = alt.TimeIntervalStep(interval="day", step=1)
    return alt.X(f"{field}:T", timeUnit="utcyearmonthdate", title=None, axis=axis)


def day_tip(field: str, title: str = "day") -> alt.Tooltip:
    """A UTC day in words."""
    return alt.Tooltip(f"{field}:T", timeUnit="utcyearmonthdate", title=title)


def moments(field: str) -> alt.X:
    """A horizontal axis of UTC moments."""
    axis = alt.Axis(format="%d %b %H:%M", labelOverlap=True, tickCount=6)
    return alt.X(f"{field}:T", title=None, axis=axis, scale=alt.Scale(type="utc"))
