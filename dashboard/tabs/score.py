"""The tab of one applicant: ask for a decision, see why, and what would have to change."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from credit_risk.errors import CreditError
from dashboard import elements, form, sources
from dashboard.charts import score as charts
from dashboard.queries import clients

Show = Callable[[], None]

BY_CLIENT, BY_HAND = "by client id", "by hand"
DECISION = "decision"
ASKED = "asked"
# Of an applicant who is none of the portfolio.
SOMEBODY = 999_999_999
# The largest whole number that a browser holds.
LARGEST_KEY = 2**53 - 1


def show() -> None:
    """The question beside the answer."""
    question, answer = st.columns([0.4, 0.6], gap="large")
    with question:
        way = st.segmented_control("Score", [BY_CLIENT, BY_HAND], default=BY_CLIENT, required=True, key="score-way")
        if way == BY_HAND:
            _ask_by_hand()
        else:
            _ask_by_client()
        _look_up()
    with answer:
        _answer()


def _ask_by_client() -> None:
    known = _portfolio()
    if known is None:
        elements.nothing(
            "The service knows no client yet.", "Materialize `online_features`, or fill in the form by hand."
        )
        return
    st.session_state.setdefault("client", known[0])
    st.button("Any client", on_click=_any_client, args=known, icon=":material/shuffle:", key="any-client")
    with st.form("by-client", border=True):
        client = st.number_input("Client (SK_ID_CURR)", 1, LARGEST_KEY, key="client", format="%d")
        if st.form_submit_button("Score this client", type="primary", width="stretch"):
            _predict({"SK_ID_CURR": int(client)})


def _portfolio() -> tuple[int, int] | None:
    with elements.said_plainly("The clients are not known."):
        known: tuple[int, int] | None = sources.ask(clients.bounds)
        return known
    return 1, LARGEST_KEY


def _any_client(first: int, last: int) -> None:
    with elements.said_plainly("No client can be chosen."):
        # Which client is looked at is no secret.
        st.session_state["client"] = sources.ask(clients.at_or_after, random.randint(first, last))  # noqa: S311


def _ask_by_hand() -> None:
    version = sources.live_version()
    if version is None:
        elements.nothing("No model is live.", "Run `training_job` in Dagster.")
        return
    with st.spinner("reading the model"):
        ranges = form.ranges(sources.reference_statistics(version, form.COLUMNS))
        features = sources.model(version).stored.manifest.feature_set.accepted
    levels = {feature.name: feature.levels for feature in features if feature.kind == "categorical"}
    with st.form("by-hand", border=True):
        st.caption("Ranges and usual answers are those of the applicants that the live model was trained on. "
                   "What is not chosen is not known.")  # fmt: skip
        answers = {}
        for first in range(0, len(form.FIELDS), 2):
            # A row of its own: a label of two lines must not shift what stands below it.
            row = st.columns(2, vertical_alignment="bottom")
            for field, place in zip(form.FIELDS[first : first + 2], row, strict=False):
                levels_ = form.levels_of(levels, field)
                answers[field.column] = _widget(field, ranges.get(field.column), levels_, place)
        if st.form_submit_button("Score this applicant", type="primary", width="stretch"):
            _predict({"SK_ID_CURR": SOMEBODY, "application": form.application(answers)})


def _widget(field: form.Field, span: form.Range | None, levels: list[str], place: Any) -> form.Value:  # noqa: ANN401  # a column of the page
    key = f"field-{field.column}"
    value: form.Value
    if field.unit == "level":
        value = place.selectbox(field.label, levels, index=None, placeholder="not known", key=key)
        return value
    if span is None:
        return None
    steps = {"money": (1_000.0, "%.0f"), "years back": (1.0, "%.0f"), "count": (1.0, "%.0f"), "score": (0.01, "%.2f")}
    step, shown = steps[field.unit]
    usual = round(span.usual / step) * step
    value = place.number_input(
        field.label, 0.0 if field.unit != "money" else 1.0, float(span.high), min(max(usual, span.low), span.high),
        step=step, format=shown, key=key, help=f"usual: {span.low:,.4g} to {span.high:,.4g}",
    )  # fmt: skip
    return value


def _predict(body: dict[str, Any]) -> None:
    try:
        with st.spinner("asking the service"):
            answer = sources.service().predict(body)
    except CreditError as error:
        st.session_state.pop(ASKED, None)
        st.query_params.pop(DECISION, None)
        elements.say("No decision.", error)
        return
    st.session_state[ASKED] = answer
    st.query_params[DECISION] = answer["prediction_id"]


def _look_up() -> None:
    with st.expander("Look up a stored decision"), st.form("look-up", border=False):
        typed = st.text_input("Prediction id", key="look-up-id", placeholder="0199f4a2-c3d8-7d0e-9b1f-6a5c4e3d2b1a")
        if st.form_submit_button("Show", width="stretch"):
            if _is_id(typed):
                st.query_params[DECISION] = typed.strip()
            else:
                st.error("This is no prediction id: 32 hexadecimal digits with dashes.", icon=":material/block:")


def _is_id(text: str) -> bool:
    try:
        UUID(text.strip())
    except ValueError:
        return False
    return True


def _answer() -> None:
    prediction_id = st.query_params.get(DECISION)
    if prediction_id is None or not _is_id(prediction_id):
        elements.nothing("No decision yet.", "Choose a client, or fill in the form, and score.")
        return
    asked = st.session_state.get(ASKED, {})
    try:
        decision = sources.service().decision(prediction_id)
    except CreditError as error:
        if asked.get("prediction_id") != prediction_id:
            elements.say("This decision cannot be shown.", error)
            return
        # It waits in the service's journal: the answer is all there is for now.
        decision = asked
    _verdict(decision)
    _why(prediction_id)
    if decision["decision"] == "REFUSED" and "features" in decision:
        _what_would_change(decision)
    _record(decision)


def _verdict(decision: dict[str, Any]) -> None:
    refused = decision["decision"] == "REFUSED"
    with st.container(border=True):
        dial, words = st.columns([0.5, 0.5], vertical_alignment="center")
        dial.altair_chart(charts.gauge(decision["probability"], decision["threshold"]), width="stretch", key="gauge")
        with words:
            st.badge(decision["decision"], icon=":material/block:" if refused else ":material/check:",
                     color="orange" if refused else "blue")  # fmt: skip
            st.markdown(f"Probability of default **{decision['probability']:.1%}**, refused from "
                        f"{decision['threshold']:.1%}. Model {decision['model_version']}.")  # fmt: skip
            for reason in decision["reasons"]:
                icon = ":material/trending_up:" if reason["direction"] == "refusal" else ":material/trending_down:"
                st.markdown(f"{icon} {reason['reason']}")
            if not decision["reasons"]:
                st.caption("No reasons are on record with this decision.")


def _why(prediction_id: str) -> None:
    with elements.said_plainly("The contributions are not known."):
        explanation = sources.service().explanation(prediction_id)
        found = pd.DataFrame(explanation["contributions"], columns=["feature", "value", "contribution"])
        if not found.empty:
            elements.figure(
                "What moved the score", charts.contributions(found), found, name="contributions",
                help="Exact Shapley values in log-odds before calibration. With the base value "
                f"{explanation['base_value']:+.3f} all {len(found)} add up to the score.",
            )  # fmt: skip


def _what_would_change(decision: dict[str, Any]) -> None:
    from credit_risk.counterfactual import counterfactuals

    with elements.said_plainly("What would have to change is not known."), st.container(border=True):
        st.markdown(
            "**What would have to change**",
            help="Single changes of the application, from small to large, each scored by the model that decided, here "
            "and not by the service: nothing of it is recorded. It holds for this model and promises nothing.",
        )
        with st.spinner("asking the model"):
            model = sources.model(decision["model_version"])
            found = counterfactuals(model.scorer, sources.form_program(), decision["features"])
        enough = [one for one in found if one.approved]
        for one in enough:
            st.markdown(f":material/check_circle: **{one.change}**: {one.words} ({one.probability:.1%})")
        if not enough:
            st.markdown("No single change that was tried brings the probability below the threshold.")
        if others := [one for one in found if not one.approved]:
            st.caption(
                "Not enough alone: "
                + "; ".join(f"{one.change}, {one.words} ({one.probability:.1%} at best)" for one in others)
            )


def _record(decision: dict[str, Any]) -> None:
    prediction_id = decision["prediction_id"]
    with st.expander("On record", icon=":material/history:"):
        st.markdown(f"[This page]({_link(prediction_id)}) shows the stored decision. To make it again, bit by bit:")
        st.code(f"credit replay {prediction_id}", language="bash")
        facts = (
            "prediction_id",
            "created_at",
            "SK_ID_CURR",
            "model_version",
            "inference_time_ms",
            "n_features_missing",
        )
        st.table(pd.Series({name: str(decision[name]) for name in facts if name in decision}, name="value"))
        if features := decision.get("features"):
            table = pd.DataFrame({"feature": list(features), "value": [str(value) for value in features.values()]})
            st.dataframe(table, hide_index=True, width="stretch", height=220)
            st.download_button("Features as CSV", elements.csv(table), "features.csv", "text/csv", key="features-csv")


def _link(prediction_id: str) -> str:
    return f"?{DECISION}={prediction_id}"
