"""Pictures of drift: verdicts over time, how far features moved, how they are spread."""

import altair as alt
import pandas as pd

from dashboard.charts.marks import BAR_STEP, HEIGHT, bars_height, coloured, day_tip, days, names, without_middle
from dashboard.palette import DRIFTED, SIDES, STABLE, STATUSES

MOST_FEATURES = 30
# As many capitals as fit above a distribution, two of which stand side by side.
TITLE_LETTERS = 30
# From which share of drifted features a window warns, and alerts.
LIMITS = (10.0, 30.0)


def history(reports: pd.DataFrame) -> alt.LayerChart:
    """The share of drifted features by day, coloured by status, with the limits of warning and alert."""
    bars = (
        alt.Chart(reports)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=days("report_date", reports["report_date"]),
            y=alt.Y("drift_percentage:Q", title="features drifted (%)", scale=alt.Scale(domain=[0, 100])),
            color=coloured("status", STATUSES),
            tooltip=[
                day_tip("report_date"),
                "status:N",
                alt.Tooltip("n_features_drifted:Q", title="drifted"),
                alt.Tooltip("n_features_analyzed:Q", title="monitored"),
                alt.Tooltip("n_predictions:Q", title="decisions", format=","),
                alt.Tooltip("model_version:N", title="model"),
            ],
        )
    )
    # A day without drift shows its status all the same.
    dots = (
        alt.Chart(reports[reports["drift_percentage"] == 0])
        .mark_point(filled=True, size=45, opacity=1)
        .encode(
            x=alt.X("report_date:T", timeUnit="utcyearmonthdate", bandPosition=0.5),
            y="drift_percentage:Q",
            color=coloured("status", STATUSES),
        )
    )
    limits = pd.DataFrame({"limit": LIMITS, "colour": [STATUSES["warning"], STATUSES["alert"]]})
    rules = (
        alt.Chart(limits)
        .mark_rule(strokeDash=[4, 4], opacity=0.8)
        .encode(y="limit:Q", color=alt.Color("colour:N", scale=None))
    )
    return (bars + dots + rules).properties(height=HEIGHT)


def features(details: pd.DataFrame, n: int = MOST_FEATURES) -> alt.Chart:
    """How far each feature moved, largest first: red drifted, green not.

    Args:
        details: `feature`, `kind`, `size`, `q_value`, `drifted`, largest first.
        n: how many are drawn.
    """
    shown = details.head(n).copy()
    shown["verdict"] = ["drifted" if moved else "not drifted" for moved in shown["drifted"]]
    shown["size"] = shown["size"].fillna(0.0)
    return (
        alt.Chart(shown)
        .mark_bar(cornerRadius=2, height=BAR_STEP * 0.66)
        .encode(
            x=alt.X("size:Q", title="size of the change"),
            y=names("feature", shown["feature"]),
            color=coloured("verdict", {"drifted": DRIFTED, "not drifted": STABLE}, beside_names=True),
            tooltip=[
                "feature:N",
                "kind:N",
                alt.Tooltip("size:Q", format=".3f"),
                alt.Tooltip("q_value:Q", title="q-value", format=".2g"),
                "verdict:N",
            ],
        )
        .properties(height=bars_height(len(shown)))
    )


def distribution(bins: pd.DataFrame, name: str, *, numeric: bool) -> alt.Chart:
    """One feature in training and on a day, shares by bin or by level.

    Args:
        bins: `side` (a name of `SIDES`), `share`; `start` and `end` of numbers, `level` of categories.
        name: of the feature.
        numeric: whether bins are bounded by numbers.
    """
    tips = ["side:N", alt.Tooltip("share:Q", format=".1%")]
    # What the colours mean is said once, above all distributions.
    side = coloured("side", SIDES).legend(None)
    y = alt.Y("share:Q", title=None, axis=alt.Axis(format="%"), stack=None)
    if numeric:
        chart = (
            alt.Chart(bins)
            .mark_bar(opacity=0.55, binSpacing=0)
            .encode(x=alt.X("start:Q", bin="binned", title=None), x2="end:Q", y=y, color=side, tooltip=tips)
        )
    else:
        chart = (
            alt.Chart(bins)
            .mark_bar()
            .encode(
                x=alt.X("level:N", title=None, sort=list(dict.fromkeys(bins["level"]))),
                xOffset=alt.XOffset("side:N", sort=list(SIDES)),
                y=y,
                color=side,
                tooltip=["level:N", *tips],
            )
        )
    return chart.properties(
        height=170, title=alt.Title(without_middle(name, TITLE_LETTERS), fontSize=12, anchor="start")
    )
