"""What a performance report shows about itself in the Dagster UI, and what others read there.

Here: metadata of one day. Keep out: figures; the core computes them.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from credit_risk.estimate import Estimate
from credit_risk.performance import PerformanceReport

# Figures of the model that made most of the day's decisions; the table has all of them.
MODEL_VERSION = "performance/model_version"
N_DECIDED = "performance/n_decided"
N_OUTCOMES = "performance/n_outcomes"
MATURITY = "performance/maturity"
COST_ESTIMATED = "performance/cost_estimated"
COST_REFERENCE = "performance/cost_reference"
COST_REALISED = "performance/cost_realised_approved"
AUC = "performance/auc_approved"


def figures(reports: Mapping[str, PerformanceReport]) -> dict[str, Any]:
    """The figures of a day by name; those that are unknown are left out, and `absent` says why."""
    metadata: dict[str, Any] = {
        N_DECIDED: sum(report.n_decided for report in reports.values()),
        N_OUTCOMES: sum(report.n_outcomes for report in reports.values()),
    }
    if not reports:
        return metadata
    version, report = max(reports.items(), key=lambda item: item[1].n_decided)
    reference, money = report.reference, report.money
    known = {
        MATURITY: report.maturity,
        AUC: _value(report.auc_approved),
        "performance/auc_estimated": _value(report.auc_estimated),
        "performance/auc_reference_approved": _value(reference.auc_approved) if reference else None,
        COST_REALISED: _value(report.cost_realised_approved),
        "performance/cost_estimated_known": _value(report.cost_estimated_known),
        "performance/cost_reference_approved": reference.cost_approved if reference else None,
        COST_ESTIMATED: _value(report.cost_estimated),
        COST_REFERENCE: reference.cost if reference else None,
        "performance/cost_unbiased": _value(report.cost_unbiased),
        "performance/money_per_thousand": _value(money.estimated_per_thousand),
        "performance/price_of_waiting": _value(money.waiting),
    }
    return (
        metadata
        | {MODEL_VERSION: version, "performance/unit_of_money": money.prices.unit}
        | {name: float(value) for name, value in known.items() if value is not None}
        | {
            "performance/by_model": dg.MetadataValue.md(_table(reports)),
            "performance/absent": {model: dict(each.absent) for model, each in reports.items()},
        }
    )


def _table(reports: Mapping[str, PerformanceReport]) -> str:
    """Figures down, models across."""
    columns = {version: _cells(report) for version, report in reports.items()}
    names = list(next(iter(columns.values())))
    head = ["", *(f"model {version}" for version in columns)]
    lines = [head, ["---"] * len(head), *([name, *(cells[name] for cells in columns.values())] for name in names)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(report: PerformanceReport) -> dict[str, str]:
    reference, money = report.reference, report.money
    lot = f"{report.n_random_outcomes} of {report.n_random_approved} known"
    return {
        "decided / approved": f"{report.n_decided} / {report.n_approved}",
        "refusal rate": _share(report.refusal_rate),
        "outcomes of approved": f"{report.n_outcomes} ({report.n_defaults} defaults)",
        "default rate among approved": _share(report.default_rate_approved),
        "AUC among approved: realised": _text(report.auc_approved),
        "AUC among approved: estimated": _text(report.auc_estimated),
        "AUC among approved: out of fold": _text(reference.auc_approved if reference else None),
        "cost per approved: realised": _text(report.cost_realised_approved),
        "cost per approved: estimated for the same": _text(report.cost_estimated_known),
        "cost per approved: out of fold": f"{reference.cost_approved:.4f}" if reference else "-",
        "cost per application: estimated": _text(report.cost_estimated),
        "cost per application: out of fold": f"{reference.cost:.4f}" if reference else "-",
        f"cost per application: by lot ({lot})": _text(report.cost_unbiased),
        f"per thousand applications, {money.prices.unit}": _text(money.estimated_per_thousand, "{:.1f}"),
        f"waiting {money.prices.label_delay_days:g} days for labels": _text(money.waiting, "{:.1f}"),
    }


def _value(figure: Estimate | None) -> float | None:
    return None if figure is None else figure.value


def _share(figure: Estimate | None) -> str:
    return _text(figure, "{:.1%}")


def _text(figure: Estimate | None, form: str = "{:.4f}") -> str:
    if figure is None:
        return "-"
    value, low, high = (form.format(each) for each in (figure.value, figure.low, figure.high))
    return f"{value} [{low}, {high}]"
