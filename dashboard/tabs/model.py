"""The tab of the live model: how good it is, what a threshold costs, what weighs, and how groups fare."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from credit_risk.business_cost import business_cost, cost_curve
from credit_risk.calibration import reliability
from credit_risk.evaluation import confusion
from credit_risk.gate.groups import AGE, BANDS, GENDER, GROUP_FEATURES, protected_groups
from credit_risk.group_rates import group_rates
from credit_risk.manifest import Manifest
from credit_risk.prices import PER, Prices
from credit_risk.proportion import proportion
from dashboard import elements, sources
from dashboard.charts import model as charts
from dashboard.queries import model as queries
from dashboard.queries import service as service_queries
from dashboard.shap_points import shap_points

TOP = 20
REPORTS_SHOWN = 180
# Title, what came true, what was expected, what it means.
VINTAGES = (
    ("AUC among the approved", "auc_approved", "auc_reference",
     "A refused applicant has no outcome. Expected is the out-of-fold figure of the same kind of applicants."),
    ("Cost among the approved", "cost_realised_approved", "cost_estimated_approved",
     "What came true, in margins of a good applicant a decision, against what the probabilities promised."),
)  # fmt: skip
# A line of 300,000 points looks like one of 400, and takes seconds to draw.
CURVE_POINTS = 400
# Their contributions take a millisecond each.
SHAP_ROWS = 400


def show() -> None:
    """The live model, from its figures to its history."""
    version = sources.live_version()
    if version is None:
        elements.nothing("No model is live.", "Run `training_job` in Dagster.")
        return
    with st.spinner("reading the model"):
        model = sources.model(version)
    manifest = model.stored.manifest
    _figures(version, manifest)
    with elements.said_plainly("Cost, calibration and groups are not known."):
        _threshold(model)
        left, right = st.columns(2)
        with left:
            _calibration(model)
        with right:
            _groups(model)
    left, right = st.columns(2)
    with left:
        _importances(manifest)
    with right, elements.said_plainly("Contributions are not known."):
        _shap(version)
    _vintages()
    _gate()
    _history()


def _figures(version: str, manifest: Manifest) -> None:
    metrics = manifest.metrics
    elements.tiles(
        {
            "Model": version,
            "AUC": f"{metrics['auc']:.4f}",
            "Cost per application": f"{metrics['business_cost']:.4f}",
            "Calibration error": f"{metrics['expected_calibration_error']:.4f}",
            "Default rate": f"{metrics['default_rate']:.1%}",
            "Refused": f"{metrics['refused_share']:.1%}",
            "Trained on": f"{manifest.n_train:,}",
        },
        help={
            "AUC": f"out of fold, 95 % interval {metrics['auc_low']:.4f} to {metrics['auc_high']:.4f}",
            "Cost per application": f"({manifest.cost_fn} x missed defaults + {manifest.cost_fp} x good applicants "
            f"refused) / applications, 95 % interval {metrics['business_cost_low']:.4f} to "
            f"{metrics['business_cost_high']:.4f}",
            "Trained on": f"applications, {manifest.trained_at[:10]}, because of {manifest.cause}",
        },
    )


@st.fragment
def _threshold(model: sources.Model) -> None:
    prices = _prices()
    live = model.stored.manifest.threshold
    curve = _curve(model.stored.version, prices)
    with st.container(border=True):
        chosen = st.slider(
            "Refuse from this probability of default (%)", 0.5, 50.0, round(100 * live, 1), 0.1, key="model-threshold",
        ) / 100  # fmt: skip
        # A slider has tenths; where it was not moved the live threshold is meant.
        chosen = live if abs(chosen - live) < 5.1e-4 else chosen  # noqa: PLR2004  # half of a tenth of a percent
        _money(model, chosen, live, prices)
        elements.figure(
            "What a threshold costs", charts.cost(curve, live, chosen), curve, name="cost-curve",
            help=f"Out of fold, in {prices.unit}. Moving this changes nothing in the service: a model carries its own "
            "threshold.",
        )  # fmt: skip


def _money(model: sources.Model, chosen: float, live: float, prices: Prices) -> None:
    target, probability, weight = _columns(model.out_of_fold)
    counts = confusion(target, probability, chosen)
    costs = {
        name: PER * business_cost(target, probability, threshold, weights=weight,
                                  cost_fn=prices.loss_of_default, cost_fp=prices.margin_of_good)
        for name, threshold in (("chosen", chosen), ("live", live))
    }  # fmt: skip
    approved = counts.good_approved + counts.defaults_approved
    elements.tiles(
        {
            f"Cost of {PER:,} ({prices.unit})": f"{costs['chosen']:,.0f}",
            "Against live": f"{costs['chosen'] - costs['live']:+,.0f}",
            "Approved": f"{approved / len(target):.1%}",
            "Defaults approved": f"{counts.defaults_approved:,}",
            "Good applicants refused": f"{counts.good_refused:,}",
        }
    )


def _prices() -> Prices:
    settings = sources.settings()
    return Prices(settings.loss_of_default, settings.margin_of_good, settings.currency, settings.label_delay_days)


@st.cache_data(show_spinner=False, max_entries=8)
def _curve(version: str, prices: Prices) -> pd.DataFrame:
    target, probability, weight = _columns(sources.model(version).out_of_fold)
    curve = cost_curve(
        target, probability, weights=weight, cost_fn=prices.loss_of_default, cost_fp=prices.margin_of_good
    )
    # As far as people move it: beyond half, everybody is approved and the line is flat.
    shown = np.flatnonzero(curve.thresholds <= 0.5)  # noqa: PLR2004  # where the slider ends
    kept = shown[np.unique(np.linspace(0, len(shown) - 1, CURVE_POINTS).astype(int))]
    return pd.DataFrame({"threshold": curve.thresholds[kept], "cost": PER * curve.costs[kept]})


def _calibration(model: sources.Model) -> None:
    target, probability, weight = _columns(model.out_of_fold)
    table = reliability(target, probability, weights=weight)
    counts = zip(table["observed"].to_numpy() * table["n"].to_numpy(), table["n"].tolist(), strict=True)
    intervals = [proportion(round(defaults), n) for defaults, n in counts]
    table["low"] = [interval.low if interval else 0.0 for interval in intervals]
    table["high"] = [interval.high if interval else 1.0 for interval in intervals]
    elements.figure("Are the probabilities true?", charts.calibration(table), table, name="calibration",
                    help="Tenths of the applicants by predicted probability, with 95 % intervals.")  # fmt: skip


def _groups(model: sources.Model) -> None:
    rates = _rates(model.stored.version)
    if rates.empty:
        elements.nothing("Nobody's group is known.", f"The features of this model have no {', '.join(GROUP_FEATURES)}.")
        return
    elements.figure(
        "Acceptance and errors by gender and age", charts.groups(rates), rates, name="groups",
        help="Out of fold, at the live threshold, with 95 % intervals. Neither gender nor family status is scored.",
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=8)
def _rates(version: str) -> pd.DataFrame:
    from resources.feature_store import FeatureStore

    model = sources.model(version)
    rows = model.out_of_fold
    feature_version = model.stored.manifest.feature_version
    features = FeatureStore(sources.lake()).frame(feature_version, ["SK_ID_CURR", *GROUP_FEATURES])
    member = protected_groups(features).set_index("SK_ID_CURR").reindex(rows["SK_ID_CURR"]).astype(object)
    target, probability, _ = _columns(rows)
    threshold = model.stored.manifest.threshold
    rates = [
        group_rates(member[attribute].to_numpy(dtype=object), target, probability, threshold)
        for attribute in (GENDER, AGE)
    ]
    found = pd.concat(rates, ignore_index=True)
    # The young first, as people count.
    order = {name: place for place, (_, name) in enumerate(BANDS)}
    return found.sort_values("group", key=lambda names: names.map(lambda n: order.get(n, -1)), kind="stable")


def _importances(manifest: Manifest) -> None:
    total = sum(manifest.importances.values()) or 1.0
    ranked = pd.DataFrame({"feature": list(manifest.importances), "share": list(manifest.importances.values())})
    ranked = ranked.sort_values(["share", "feature"], ascending=[False, True], ignore_index=True)
    ranked["share"] /= total
    elements.figure("What the trees split on", charts.importances(ranked.head(TOP)), ranked, name="importances")


def _shap(version: str) -> None:
    with st.spinner("explaining applicants"):
        points = _points(version)
    elements.figure(
        "How values move the score", charts.shap_summary(points), points, name="shap",
        help=f"Exact contributions to the log-odds of {points['applicant'].nunique()} applicants of the reference. "
        "Blue values are low, orange high, grey missing or a category.",
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=4)
def _points(version: str) -> pd.DataFrame:
    model = sources.model(version)
    return shap_points(model.scorer, model.reference.head(SHAP_ROWS), top=TOP)


def _vintages() -> None:
    rows = sources.ask(queries.vintages, REPORTS_SHOWN)
    st.markdown("#### Performance by day of decision")
    if rows.empty or not rows["n_outcomes"].sum():
        elements.nothing(
            "No outcome is known yet.",
            "Post them to `/outcomes`, or make some up with `credit traffic outcomes`; reports follow by themselves.",
        )
        return
    for column, (title, realised, expected, help_) in zip(st.columns(2), VINTAGES, strict=True):
        with column:
            if rows[realised].isna().all():
                elements.nothing(f"{title}: not known yet.", "There are too few outcomes on either side.")
            else:
                chart = charts.vintages(rows, realised, expected, title)
                elements.figure(title, chart, rows, name=f"vintages-{realised}", help=help_)


def _gate() -> None:
    from resources.model_comparisons import ModelComparisons

    st.markdown("#### The gate's last comparison")
    with elements.said_plainly("The comparison is not known."):
        newest = sources.registry().staging_version()
        verdict = None if newest is None else ModelComparisons(sources.lake()).find(newest)
        if verdict is None:
            elements.nothing("No model was compared yet.", "A training compares its model by itself.")
            return
        against = f" against {verdict.champion}" if verdict.champion else ""
        icon = ":material/check_circle:" if verdict.promote else ":material/block:"
        st.markdown(f"{icon} Model {verdict.challenger}{against}: {verdict.reason}")
        table = verdict.criteria_frame()[["criterion", "outcome", "challenger", "champion", "sentence"]]
        st.dataframe(table, hide_index=True, width="stretch")


def _history() -> None:
    st.markdown("#### Models that were live")
    history = sources.ask(service_queries.live_models)
    st.dataframe(history.rename(columns=lambda name: name.replace("_", " ")), hide_index=True, width="stretch")


def _columns(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    return tuple(rows[name].to_numpy(dtype=np.float64) for name in ("target", "probability", "weight"))  # type: ignore[return-value]
