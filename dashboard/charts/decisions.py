"""Pictures of many decisions: how they scored, and who was approved."""

import altair as alt
import pandas as pd

from dashboard.charts.marks import BAR_STEP, HEIGHT, bars_height, coloured, day_tip, days, names, threshold_rule
from dashboard.palette import ACCENT, APPROVED, DECISIONS, NEUTRAL, REFUSED
from dashboard.queries.decisions import BUCKETS


def histogram(scores: pd.DataFrame, threshold: float | None) -> alt.LayerChart | alt.Chart:
    """Probabilities of default by decision, two percentage points a bar where they spread, with the threshold.

    Args:
        scores: `decision`, `bucket` and `n` of `queries.decisions.scores`.
        threshold: of the newest model in it; None leaves it out.
    """
    # As many buckets a bar as keep about forty bars in view.
    last = int(scores["bucket"].max()) + 1
    width = max(1, round(last / 40))
    placed = scores.assign(start=scores["bucket"] // width * width / BUCKETS)
    bars: pd.DataFrame = placed.groupby(["start", "decision"], as_index=False)[["n"]].sum()
    bars["end"] = bars["start"] + width / BUCKETS
    drawn = (
        alt.Chart(bars)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("start:Q", bin="binned", title="probability of default", axis=alt.Axis(format="%")),
            x2="end:Q",
            y=alt.Y("n:Q", title="decisions", stack="zero"),
            color=coloured("decision", DECISIONS),
            tooltip=[
                "decision:N",
                alt.Tooltip("start:Q", title="from", format=".1%"),
                alt.Tooltip("end:Q", title="to", format=".1%"),
                alt.Tooltip("n:Q", title="decisions", format=","),
            ],
        )
    )
    chart = drawn if threshold is None else drawn + threshold_rule(threshold, NEUTRAL)
    return chart.properties(height=HEIGHT)


def acceptance(days_: pd.DataFrame) -> alt.LayerChart:
    """The share approved by day, over the number of decisions.

    Args:
        days_: `day`, `n`, `n_approved`, `share` with its interval `low` and `high`.
    """
    base = alt.Chart(days_).encode(x=days("day", days_["day"]))
    tips = [
        day_tip("day"),
        alt.Tooltip("share:Q", title="approved", format=".1%"),
        alt.Tooltip("n:Q", title="decisions", format=","),
    ]
    band = base.mark_area(opacity=0.18, color=APPROVED).encode(
        y=alt.Y("low:Q", title="approved", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])), y2="high:Q"
    )
    line = base.mark_line(color=APPROVED, point=alt.OverlayMarkDef(color=APPROVED, size=40)).encode(
        y="share:Q", tooltip=tips
    )
    return (band + line).properties(height=HEIGHT)


def volume(scores: pd.DataFrame) -> alt.Chart:
    """Decisions a day, approved and refused."""
    counted = scores.groupby(["day", "decision"], as_index=False)["n"].sum()
    return (
        alt.Chart(counted)
        .mark_bar()
        .encode(
            x=days("day", counted["day"]),
            y=alt.Y("n:Q", title="decisions a day"),
            color=coloured("decision", DECISIONS),
            tooltip=[day_tip("day"), "decision:N", alt.Tooltip("n:Q", format=",")],
        )
        .properties(height=HEIGHT)
    )


def segments(found: pd.DataFrame, overall: float) -> alt.LayerChart:
    """The share approved of each segment with its interval, and a rule at that of everybody.

    Args:
        found: `segment`, `n`, `share`, `low`, `high`, `probability`, in the order of the picture.
        overall: share approved of all.
    """
    y = names("segment", found["segment"])
    share = alt.X("share:Q", title="approved", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(found)
    tips = [
        "segment:N",
        alt.Tooltip("share:Q", title="approved", format=".1%"),
        alt.Tooltip("n:Q", title="decisions", format=","),
        alt.Tooltip("probability:Q", title="mean probability", format=".1%"),
    ]
    bars = base.mark_bar(color=ACCENT, opacity=0.8, cornerRadius=2, height=BAR_STEP * 0.6).encode(
        x=share, y=y, tooltip=tips
    )
    ticks = base.mark_rule(color=NEUTRAL, strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=y)
    everybody = (
        alt.Chart(pd.DataFrame({"share": [overall]})).mark_rule(color=REFUSED, strokeDash=[5, 4]).encode(x="share:Q")
    )
    return (bars + ticks + everybody).properties(height=max(HEIGHT, bars_height(len(found))))
