"""Pictures of a model: what a threshold costs, what probabilities are worth, what weighs, who is treated how."""

import altair as alt
import pandas as pd

from dashboard.charts.marks import BAR_STEP, HEIGHT, bars_height, coloured, day_tip, days, names, threshold_rule
from dashboard.palette import ACCENT, NEUTRAL, RATES, REFUSED, SECOND, THIRD

# Of the picture of groups, and of the one beside it.
GROUPS_HEIGHT = 420


def cost(curve: pd.DataFrame, threshold: float, chosen: float) -> alt.LayerChart:
    """What a thousand applications cost at each threshold; the model's and the chosen one marked.

    Args:
        curve: `threshold`, `cost`.
        threshold: of the model.
        chosen: by hand.
    """
    line = (
        alt.Chart(curve)
        .mark_line(color=ACCENT, strokeWidth=2.5)
        .encode(
            x=alt.X("threshold:Q", title="refuse from this probability of default", axis=alt.Axis(format="%")),
            y=alt.Y("cost:Q", title="cost of 1,000 applications", scale=alt.Scale(zero=False)),
            tooltip=[alt.Tooltip("threshold:Q", format=".2%"), alt.Tooltip("cost:Q", format=",.0f")],
        )
    )
    # Two labels at one place would hide each other.
    if abs(chosen - threshold) < 1e-9:  # noqa: PLR2004  # equal, but for how a slider rounds
        return (line + threshold_rule(threshold, NEUTRAL, words="live")).properties(height=HEIGHT)
    rules = threshold_rule(threshold, NEUTRAL, words="live") + threshold_rule(chosen, REFUSED, words="chosen")
    return (line + rules).properties(height=HEIGHT)


def calibration(table: pd.DataFrame) -> alt.LayerChart:
    """Observed against predicted default rates by bin of the prediction.

    Args:
        table: `predicted`, `observed`, `low`, `high`, `n`.
    """
    top = float(max(table["predicted"].max(), table["high"].max())) * 1.05
    scale = alt.Scale(domain=[0, top])
    diagonal = (
        alt.Chart(pd.DataFrame({"p": [0.0, top]}))
        .mark_line(color=NEUTRAL, strokeDash=[4, 4])
        .encode(x=alt.X("p:Q", scale=scale), y=alt.Y("p:Q", scale=scale))
    )
    base = alt.Chart(table).encode(
        x=alt.X("predicted:Q", title="predicted probability of default", axis=alt.Axis(format="%"), scale=scale)
    )
    intervals = base.mark_rule(color=ACCENT).encode(
        y=alt.Y("low:Q", title="observed share of defaults", axis=alt.Axis(format="%"), scale=scale), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, color=ACCENT, opacity=1).encode(
        y="observed:Q",
        tooltip=[
            alt.Tooltip("predicted:Q", format=".1%"),
            alt.Tooltip("observed:Q", format=".1%"),
            alt.Tooltip("n:Q", title="applicants", format=","),
        ],
    )
    return (diagonal + intervals + points).properties(height=GROUPS_HEIGHT)


def importances(ranked: pd.DataFrame) -> alt.Chart:
    """The most important features: `feature`, `share` of the gain of all."""
    return (
        alt.Chart(ranked)
        .mark_bar(color=ACCENT, cornerRadius=2, height=BAR_STEP * 0.66)
        .encode(
            x=alt.X("share:Q", title="share of the gain of all features", axis=alt.Axis(format="%")),
            y=names("feature", ranked["feature"]),
            tooltip=["feature:N", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=bars_height(len(ranked)))
    )


def shap_summary(points: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Contributions of the weightiest features over many applicants; colour is where the value ranks.

    Args:
        points: `feature`, `contribution`, `rank` (0 lowest to 1 highest value, missing without one), `spread`
            (-1 to 1: where the point lies in its row).
    """
    order = list(dict.fromkeys(points["feature"]))
    colour = alt.Color(
        "rank:Q",
        scale=alt.Scale(domain=[0, 1], range=[ACCENT, SECOND, REFUSED]),
        legend=alt.Legend(title="value", orient="top", format="%", gradientLength=120, values=[0, 1]),
    )
    ranked = points["rank"].notna()
    # Categories and missing values have no place among the values.
    grey = _points(points[~ranked], order).encode(color=alt.value(NEUTRAL))
    return alt.layer(grey, _points(points[ranked], order).encode(color=colour)).properties(
        height=bars_height(len(order))
    )


def _points(points: pd.DataFrame, order: list[str]) -> alt.Chart:
    return (
        alt.Chart(points)
        .mark_circle(size=16, opacity=0.75)
        .encode(
            x=alt.X("contribution:Q", title="contribution, log-odds"),
            y=names("feature", order),
            yOffset=alt.YOffset("spread:Q", scale=alt.Scale(domain=[-1.6, 1.6])),
            tooltip=["feature:N", alt.Tooltip("contribution:Q", format="+.3f"), alt.Tooltip("rank:Q", format=".0%")],
        )
    )


def groups(rates: pd.DataFrame) -> alt.LayerChart:
    """Approval and error rates of each group with their intervals.

    Args:
        rates: of `credit_risk.group_rates`.
    """
    y = names("group", list(dict.fromkeys(rates["group"])))
    offset = alt.YOffset("rate:N", sort=list(RATES))
    base = alt.Chart(rates)
    bars = base.mark_bar(opacity=0.85, cornerRadius=2).encode(
        x=alt.X("value:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        y=y,
        yOffset=offset,
        color=coloured("rate", RATES, beside_names=True),
        tooltip=[
            "group:N",
            "rate:N",
            alt.Tooltip("value:Q", format=".1%"),
            alt.Tooltip("low:Q", format=".1%"),
            alt.Tooltip("high:Q", format=".1%"),
            alt.Tooltip("n:Q", title="applicants", format=","),
        ],
    )
    intervals = base.mark_rule(color=NEUTRAL).encode(x="low:Q", x2="high:Q", y=y, yOffset=offset)
    return (bars + intervals).properties(height=GROUPS_HEIGHT)


def vintages(rows: pd.DataFrame, realised: str, estimated: str, title: str) -> alt.LayerChart:
    """A figure of the days of decision: what came true with its interval, and what was expected.

    Args:
        rows: performance reports with `report_date`, `realised`, its `_low` and `_high`, and `estimated`.
        realised: column of what came true among the approved.
        estimated: column of what was expected.
        title: of the axis.
    """
    colours = {"came true": REFUSED, "expected": THIRD}
    x = days("report_date", rows["report_date"])
    base = alt.Chart(rows)
    intervals = base.mark_rule(color=REFUSED, opacity=0.6).encode(
        x=x, y=alt.Y(f"{realised}_low:Q", title=title, scale=alt.Scale(zero=False)), y2=f"{realised}_high:Q"
    )
    long = rows.rename(columns={realised: "came true", estimated: "expected"}).melt(
        id_vars=["report_date", "model_version"], value_vars=list(colours), var_name="figure", value_name="value"
    )
    lines = (
        alt.Chart(long.dropna())
        .mark_line(point=True)
        .encode(
            x=x,
            y="value:Q",
            color=coloured("figure", colours),
            detail="model_version:N",
            tooltip=[
                day_tip("report_date", "day of decision"),
                "model_version:N",
                "figure:N",
                alt.Tooltip("value:Q", format=".4f"),
            ],
        )
    )
    return (intervals + lines).properties(height=HEIGHT)
