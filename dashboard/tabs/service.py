"""The tab of the service: is it up, how much and how fast, what went wrong, who is live."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import elements, sources
from dashboard.charts import service as charts
from dashboard.queries import service as queries
from dashboard.service import Operation

SPANS = {"1 hour": 1, "24 hours": 24, "7 days": 24 * 7, "30 days": 24 * 30, "1 year": 24 * 365}
LINES_SHOWN = 20


def show() -> None:
    """Now, then over time, then the live models."""
    _now()
    span = st.segmented_control("Span", list(SPANS), default="7 days", required=True, key="service-span")
    # To the minute, so that two looks within one share their answer.
    end = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = end - timedelta(hours=SPANS[span or "7 days"])
    with elements.said_plainly("What the service did cannot be shown."):
        _over_time(start, end)
        _live_models()


def _now() -> None:
    with elements.said_plainly("The state of the service is not known."):
        health = sources.service().health()
        words = {"healthy": "healthy", "degraded": "degraded", "unavailable": "no model"}
        figures = {
            "Status": words.get(health["status"], str(health["status"])),
            "Live model": str(health["model_version"] or "none"),
            "Threshold": f"{health['threshold']:.1%}" if health["threshold"] is not None else "none",
            "Database": str(health["database"]),
            "Journal": f"{health['journal_depth']:,}",
        }
        elements.tiles(figures, help={"Journal": "decisions that wait in the service's journal for PostgreSQL"})
        for problem in health["problems"]:
            st.warning(problem, icon=":material/warning:")
    with elements.said_plainly("The metrics of the service are not known."):
        _metrics(sources.service().operation())


def _metrics(operation: Operation) -> None:
    answered = sum(operation.n_answers.values())
    failed = sum(n for status, n in operation.n_answers.items() if status.startswith("5"))
    refused = sum(n for status, n in operation.n_answers.items() if status.startswith("4"))
    elements.tiles(
        {
            "Answers": f"{answered:,}",
            "Mean answer": "none yet" if operation.seconds is None else f"{1000 * operation.seconds:.1f} ms",
            "Errors (5xx)": f"{failed:,}",
            "Bad requests (4xx)": f"{refused:,}",
            "Oldest in journal": f"{operation.journal_age_s:.0f} s",
            "Set aside": f"{operation.n_set_aside:,}",
        },
        help={
            "Answers": "to requests for predictions, since the service started",
            "Set aside": "journal lines that a person must look at",
        },
    )


def _over_time(start: datetime, end: datetime) -> None:
    with st.spinner("measuring"):
        latency = sources.ask(queries.latency, start, end)
    if latency.empty:
        elements.nothing("No decisions of the service in this span.", "Choose a longer one, or score an applicant.")
    else:
        left, right = st.columns(2)
        with left:
            elements.figure("Decisions", charts.volume(latency), latency, name="service-volume")
        with right:
            elements.figure(
                "Scoring time", charts.quantiles(latency), latency, name="service-latency",
                help="From the read application to the decision, as each decision records it; without the network "
                "and the write.",
            )  # fmt: skip
    _errors(start, end)


def _errors(start: datetime, end: datetime) -> None:
    if not sources.ask(queries.any_line, start, end):
        elements.nothing(
            "No log line was delivered in this span.",
            "Fluentd delivers them (`deploy/fluentd`), and so does `credit demo`; the service's own log has them all.",
        )
        return
    errors = sources.ask(queries.errors, start, end)
    if errors.empty:
        st.success("No warning and no error among the delivered log lines of this span.", icon=":material/check:")
        return
    elements.figure("Warnings and errors in the log", charts.errors(errors), errors, name="service-errors")
    with st.expander(f"The newest {LINES_SHOWN} lines"):
        st.dataframe(sources.ask(queries.last_lines, LINES_SHOWN), hide_index=True, width="stretch")


def _live_models() -> None:
    history: pd.DataFrame = sources.ask(queries.live_models)
    if history.empty:
        elements.nothing("No model was ever live.", "Run `training_job` in Dagster.")
        return
    with st.container(border=True):
        st.markdown("**Live models**")
        st.dataframe(
            history.rename(columns=lambda name: name.replace("_", " ")),
            hide_index=True,
            width="stretch",
            column_config={
                "live from": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
                "live to": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            },
        )
