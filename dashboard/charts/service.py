"""Pictures of the service: how much it decides, how fast, and what goes wrong."""

import altair as alt
import pandas as pd

from dashboard.charts.marks import HEIGHT, coloured, moments
from dashboard.palette import ACCENT, LEVELS, QUANTILES


def volume(latency: pd.DataFrame) -> alt.Chart:
    """Decisions from each `moment` to its `end`."""
    return (
        alt.Chart(latency)
        .mark_bar(color=ACCENT, binSpacing=1)
        .encode(
            x=moments("moment").bin("binned"),
            x2="end:T",
            y=alt.Y("n:Q", title="decisions"),
            tooltip=[_moment(), alt.Tooltip("n:Q", title="decisions", format=",")],
        )
        .properties(height=HEIGHT)
    )


def quantiles(latency: pd.DataFrame) -> alt.Chart:
    """The median, the 95th and the 99th percentile of the scoring time by moment."""
    long = latency.melt(id_vars="moment", value_vars=list(QUANTILES), var_name="quantile", value_name="milliseconds")
    return (
        alt.Chart(long.dropna())
        .mark_line(point=alt.OverlayMarkDef(size=22))
        .encode(
            x=moments("moment"),
            y=alt.Y("milliseconds:Q", title="milliseconds", scale=alt.Scale(zero=True)),
            color=coloured("quantile", QUANTILES),
            tooltip=[_moment(), "quantile:N", alt.Tooltip("milliseconds:Q", format=".2f")],
        )
        .properties(height=HEIGHT)
    )


def errors(found: pd.DataFrame) -> alt.Chart:
    """Log lines of level warning and worse by moment."""
    return (
        alt.Chart(found)
        .mark_bar()
        .encode(
            x=moments("moment"),
            y=alt.Y("n:Q", title="log lines"),
            color=coloured("level", LEVELS),
            tooltip=[_moment(), "level:N", "n:Q"],
        )
        .properties(height=HEIGHT)
    )


def _moment() -> alt.Tooltip:
    return alt.Tooltip("moment:T", title="from", format="%d %b %H:%M")
