"""The tab of all decisions: how they scored, and who was approved."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from credit_risk.proportion import proportion
from dashboard import elements, sources
from dashboard.charts import decisions as charts
from dashboard.queries import decisions as queries

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

# What is looked at first: long enough for a trend, short enough for a log of years.
DAYS_SHOWN = 30
ALL_MODELS = "all models"


def show() -> None:
    """Filters, then pictures."""
    extent = sources.ask(queries.extent)
    if extent is None:
        elements.nothing(
            "No decisions yet.", "Score an applicant in the first tab, or send some with `credit traffic`."
        )
        return
    span_box, models, segments = st.columns([0.4, 0.3, 0.3])
    span = _days(span_box, *extent)
    if span is None:
        return
    with st.spinner("counting decisions"):
        scores = sources.ask(queries.scores, *span)
    version = models.selectbox("Model", [ALL_MODELS, *versions(scores)], key="decision-model")
    segment = segments.selectbox("Segment", queries.SEGMENTS, key="decision-segment")
    if version != ALL_MODELS:
        scores = scores[scores["model_version"] == version]
    if scores.empty:
        elements.nothing("No decisions in these days.", "Choose other days, or another model.")
        return
    _summary(scores)
    left, right = st.columns(2)
    with left:
        elements.figure(
            "Probability of default by decision", charts.histogram(scores, newest_threshold(scores)),
            scores, name="scores", help="The dashed line is the threshold of the newest model in these days.",
        )  # fmt: skip
    days = by_day(scores)
    with right:
        elements.figure(
            "Share approved, day by day", charts.acceptance(days), days,
            name="acceptance", help="The band is the 95 % interval.",
        )  # fmt: skip
    left, right = st.columns(2)
    with left:
        elements.figure("Decisions a day", charts.volume(scores), days, name="volume")
    with right:
        found = sources.ask(queries.by_segment, segment, *span, None if version == ALL_MODELS else version)
        _segments(segment, found, scores)


def by_day(scores: pd.DataFrame) -> pd.DataFrame:
    """Share approved of each day with its interval: `day`, `n`, `n_approved`, `share`, `low`, `high`."""
    counted = scores.assign(n_approved=scores["n"].where(scores["decision"] == "APPROVED", 0))
    return with_shares(counted.groupby("day", as_index=False)[["n", "n_approved"]].sum())


def with_shares(counted: pd.DataFrame) -> pd.DataFrame:
    """`n` and `n_approved` with the share and its 95 % interval."""
    rates = [proportion(int(a), int(n)) for a, n in zip(counted["n_approved"], counted["n"], strict=True)]
    known = [rate for rate in rates if rate is not None]
    return counted.assign(
        share=[rate.value for rate in known], low=[rate.low for rate in known], high=[rate.high for rate in known]
    )


def newest_threshold(scores: pd.DataFrame) -> float:
    """The threshold of the last day's decisions."""
    return float(scores.sort_values("day")["threshold"].iloc[-1])


def versions(scores: pd.DataFrame) -> list[str]:
    """Models that decided, newest first; imported ones last."""
    return sorted(
        scores["model_version"].unique(),
        key=lambda version: (not version.isdigit(), -int(version) if version.isdigit() else 0, version),
    )


def _days(place: "DeltaGenerator", first: date, last: date) -> tuple[date, date] | None:
    start = max(first, last - timedelta(days=DAYS_SHOWN - 1))
    chosen = place.date_input("Days (UTC)", (start, last), min_value=first, max_value=last, key="decision-days")
    if isinstance(chosen, tuple) and len(chosen) == 2:  # noqa: PLR2004  # a span has two ends
        return chosen[0], chosen[1]
    elements.nothing("One end of the span is missing.", "Choose the last day as well.")
    return None


def _summary(scores: pd.DataFrame) -> None:
    n = int(scores["n"].sum())
    approved = int(scores.loc[scores["decision"] == "APPROVED", "n"].sum())
    middle = (scores["bucket"] + 0.5) / queries.BUCKETS
    elements.tiles(
        {
            "Decisions": f"{n:,}",
            "Approved": f"{approved / n:.1%}",
            "Refused": f"{n - approved:,}",
            "Mean probability": f"{float((middle * scores['n']).sum() / n):.1%}",
            "Models": str(scores["model_version"].nunique()),
        }
    )


def _segments(segment: str, found: pd.DataFrame, scores: pd.DataFrame) -> None:
    if found.empty:
        elements.nothing("No such values in these decisions.", "Choose another segment.")
        return
    overall = float(scores.loc[scores["decision"] == "APPROVED", "n"].sum() / scores["n"].sum())
    shares = with_shares(found)
    elements.figure(
        f"Share approved by {segment}", charts.segments(shares, overall), shares, name=f"segments-{segment}",
        help="Lines are 95 % intervals, the dashed rule is everybody. Gender and family status are stored for "
        "figures like this one and not scored.",
    )  # fmt: skip
