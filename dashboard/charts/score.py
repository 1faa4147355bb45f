"""Pictures of one decision: where it stands against the threshold, and what moved it."""

import math

import altair as alt
import pandas as pd

from dashboard.charts.marks import bars_height, coloured, names
from dashboard.palette import APPROVED, DIRECTIONS, NEUTRAL, REFUSED

# Of the semicircle, in radians from the top.
HALF_TURN = math.pi / 2
# Of the half-circle, in points from the top.
CENTRE = 146
# Half of the needle's width, in radians.
NEEDLE = 0.02
MOST_CONTRIBUTIONS = 12


def gauge(probability: float, threshold: float) -> alt.LayerChart:
    """A half-circle from 0 to 1 in square-root scale: approval up to the threshold, refusal beyond, a needle.

    Most probabilities of default are small: on a straight scale they would all lie at the left end.
    """
    angle = {p: _angle(p) for p in (0.0, threshold, probability, 1.0)}
    arcs = pd.DataFrame(
        [
            {"from": angle[0.0], "to": angle[threshold], "decision": "APPROVED"},
            {"from": angle[threshold], "to": angle[1.0], "decision": "REFUSED"},
        ]
    )
    centre = alt.value(CENTRE)
    band = (
        alt.Chart(arcs)
        .mark_arc(innerRadius=96, outerRadius=124, cornerRadius=3)
        .encode(
            y=centre,
            theta=alt.Theta("from:Q", scale=None),
            theta2="to:Q",
            color=coloured("decision", {"APPROVED": APPROVED, "REFUSED": REFUSED}).legend(None),
        )
    )
    needle = (
        alt.Chart(pd.DataFrame([{"from": angle[probability] - NEEDLE, "to": angle[probability] + NEEDLE}]))
        .mark_arc(innerRadius=80, outerRadius=136, color=NEUTRAL, cornerRadius=2)
        .encode(y=centre, theta=alt.Theta("from:Q", scale=None), theta2="to:Q")
    )
    colour = REFUSED if probability >= threshold else APPROVED
    words = alt.Chart(
        pd.DataFrame([{"probability": f"{probability:.1%}", "threshold": f"refused from {threshold:.1%}"}])
    )
    number = words.mark_text(fontSize=36, fontWeight="bold", dy=-26, color=colour).encode(
        y=centre, text="probability:N"
    )
    beside = words.mark_text(fontSize=13, dy=2, color=NEUTRAL).encode(y=centre, text="threshold:N")
    return alt.layer(band, needle, number, beside).properties(height=CENTRE + 14).configure_view(strokeWidth=0)


def contributions(frame: pd.DataFrame) -> alt.Chart:
    """The largest contributions to a decision, in log-odds.

    Args:
        frame: `feature`, `value`, `contribution`; largest first.
    """
    shown = frame.head(MOST_CONTRIBUTIONS).copy()
    shown["speaks"] = ["to refusal" if c > 0 else "to approval" for c in shown["contribution"]]
    shown["value"] = [_value(value) for value in shown["value"]]
    return (
        alt.Chart(shown)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("contribution:Q", title="contribution, log-odds"),
            y=names("feature", shown["feature"]),
            color=coloured("speaks", DIRECTIONS, beside_names=True),
            tooltip=["feature:N", "value:N", alt.Tooltip("contribution:Q", format="+.3f")],
        )
        .properties(height=bars_height(len(shown)))
    )


def _angle(probability: float) -> float:
    return -HALF_TURN + 2 * HALF_TURN * math.sqrt(min(max(probability, 0.0), 1.0))


def _value(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    return f"{value:,.4g}" if isinstance(value, int | float) else str(value)
