"""The tab of drift: verdicts over time, one day in detail, and a simulator."""

from datetime import date
from typing import Literal, get_args

import numpy as np
import pandas as pd
import streamlit as st

from credit_risk.drift import PreparedReference
from dashboard import distributions, elements, sources
from dashboard.charts import drift as charts
from dashboard.queries import drift as queries
from dashboard.simulated_drift import halves, simulated_report
from resources.database import Connection
from simulation.traffic import DriftKind

REPORTS_SHOWN = 90
DISTRIBUTIONS_SHOWN = 6
# Rows of a day that Evidently compares: its time grows with them, its verdict does not.
EVIDENTLY_ROWS = 5_000
EVIDENTLY_HEIGHT = 900
# Of the simulator: the same question has the same answer, for whoever asks.
SEED = 0
WORDS = {
    "none": "none: the same population",
    "gradual": "gradual: noise on every number",
    "sudden": "sudden: every number moves up",
    "feature_shift": "feature shift: a tenth of the numbers change their unit",
}
BADGES: dict[str, Literal["green", "yellow", "red", "gray"]] = {
    "ok": "green",
    "warning": "yellow",
    "alert": "red",
    "insufficient": "gray",
}


def show() -> None:
    """History, a day, the simulator."""
    history = sources.ask(queries.history, REPORTS_SHOWN)
    if history.empty:
        elements.nothing(
            "No drift report yet.", "Materialize `drift_report` in Dagster, or run `credit drift backfill`."
        )
    else:
        elements.figure(
            "Status of each day", charts.history(history), history, name="drift-history",
            help="Warning from 10 % of the monitored features, alert above 30 %; fewer than 30 decisions are "
            "insufficient.",
        )  # fmt: skip
        _day(history)
    _simulator()


def _day(history: pd.DataFrame) -> None:
    days = list(history["report_date"])[::-1]
    day: date = st.selectbox("Day (UTC)", days, key="drift-day", format_func=lambda day: f"{day:%d %B %Y}")
    row = history.set_index("report_date").loc[day]
    _badge(str(row["status"]))
    st.caption(
        f"{row['n_features_drifted']} of {row['n_features_analyzed']} monitored features drifted in "
        f"{row['n_predictions']:,} decisions, against the training of model {row['model_version']}."
    )
    details = sources.ask(queries.details, day)
    left, right = st.columns([0.52, 0.48])
    with left:
        elements.figure(
            "How far each feature moved", charts.features(details), details, name=f"drift-{day}",
            help="The Kolmogorov-Smirnov statistic of a number, the total-variation distance of a category.",
        )  # fmt: skip
    with right, elements.said_plainly("The distributions cannot be shown."):
        _distributions(day, str(row["model_version"]), list(details["feature"].head(DISTRIBUTIONS_SHOWN)))
    _evidently(day, str(row["model_version"]), list(details["feature"]))


def _badge(status: str) -> None:
    st.badge(status, color=BADGES[status])


def _distributions(day: date, version: str, names: list[str]) -> None:
    with st.spinner("reading the reference"):
        reference = sources.model(version).reference
    names = [name for name in names if name in reference]
    edges = {
        name: found
        for name in names
        if pd.api.types.is_numeric_dtype(reference[name]) and (found := distributions.edges_of(reference[name]))
    }
    categories = [name for name in names if not pd.api.types.is_numeric_dtype(reference[name])]
    with st.spinner("counting"):
        numbers = sources.ask(_numbers, day, tuple(edges.items()))
        levels = sources.ask(_levels, day, tuple(categories))
    with st.container(border=True):
        st.markdown("**The largest changes**: :gray[training] and :orange[this day]")
        columns = st.columns(2)
        for place, name in enumerate([*edges, *categories]):
            numeric = name in edges
            counted = (numbers if numeric else levels).query("feature == @name")
            bins = (
                distributions.of_numbers(reference[name], edges[name], counted)
                if numeric
                else distributions.of_levels(reference[name], counted)
            )
            chart = charts.distribution(bins, name, numeric=numeric)
            columns[place % 2].altair_chart(chart, width="stretch", key=f"distribution-{name}")


def _numbers(connection: Connection, day: date, edges: tuple[tuple[str, tuple[float, ...]], ...]) -> pd.DataFrame:
    return queries.numbers_of(connection, day, dict(edges))


def _levels(connection: Connection, day: date, names: tuple[str, ...]) -> pd.DataFrame:
    return queries.levels_of(connection, day, names)


def _evidently(day: date, version: str, names: list[str]) -> None:
    if not st.button("Make the Evidently report of this day", icon=":material/description:", key="evidently"):
        return
    with elements.said_plainly("The Evidently report cannot be made."):
        with st.spinner("comparing; some seconds"):
            page = _evidently_page(day, version, tuple(names[: charts.MOST_FEATURES]))
        if page is None:
            elements.nothing("No decision of this day is in PostgreSQL.", "Choose another day.")
            return
        st.caption("Evidently's verdicts are its own: p < 0.05, uncorrected, so it sees more drift than the report.")
        st.download_button("Save the page", page, f"evidently-{day}.html", "text/html", on_click="ignore")
        st.iframe(page.decode(), height=EVIDENTLY_HEIGHT)


@st.cache_data(show_spinner=False, max_entries=4)
def _evidently_page(day: date, version: str, names: tuple[str, ...]) -> bytes | None:
    from credit_risk.charts.evidently_page import evidently_page
    from credit_risk.drift import sampled
    from resources.prediction_log import PredictionLog

    stored = PredictionLog(sources.database()).features_of(day)
    if stored.empty:
        return None
    model = sources.model(version)
    rows, _ = sampled(stored, day_seed=day.toordinal(), limit=EVIDENTLY_ROWS)
    current = model.stored.manifest.feature_set.conform(rows)
    return evidently_page(model.reference[list(names)], current[list(names)])


@st.fragment
def _simulator() -> None:
    with st.container(border=True):
        st.markdown(
            "**What if the population moved?**",
            help="Applicants of the live model's reference, moved and compared by the same code that makes the daily "
            "reports. Nothing is stored.",
        )
        kind_box, intensity_box, size_box = st.columns(3)
        kind = kind_box.selectbox("Kind", get_args(DriftKind), 2, format_func=WORDS.__getitem__, key="drift-kind")
        intensity = intensity_box.slider("Intensity (standard deviations)", 0.0, 1.0, 0.5, 0.05, key="drift-intensity")
        size = size_box.select_slider("Decisions", [50, 100, 200, 500, 1000, 2000], 200, key="drift-size")
        with elements.said_plainly("The simulation cannot run."):
            _simulate(kind, intensity, size)


def _simulate(kind: DriftKind, intensity: float, size: int) -> None:
    version = sources.live_version()
    if version is None:
        elements.nothing("No model is live.", "Run `training_job` in Dagster.")
        return
    with st.spinner("reading the reference"):
        prepared, population, monitored = _halves(version)
    report = simulated_report(
        prepared, population, kind, intensity, size, monitored=monitored,
        rng=np.random.default_rng([SEED, size]), rule=sources.settings().drift_rule,
    )  # fmt: skip
    _badge(report.status)
    st.caption(
        f"{report.n_features_drifted} of {report.n_features_analyzed} monitored features drifted "
        f"({report.drift_percentage:.0f} %), rule {report.rule}."
    )
    elements.figure(
        "How far each feature would move", charts.features(report.details), report.details, name="drift-simulated"
    )


@st.cache_resource(show_spinner=False, max_entries=2)
def _halves(version: str) -> tuple[PreparedReference, pd.DataFrame, list[str]]:
    model = sources.model(version)
    monitored = [name for name in model.stored.manifest.monitored_features if name in model.reference]
    reference, population = halves(model.reference, np.random.default_rng(SEED))
    return PreparedReference.of(reference, monitored), population, monitored
