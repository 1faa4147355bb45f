"""What a drift report shows about itself in the Dagster UI, and what sensors read there.

Here: metadata of one day. Keep out: figures; the core computes them.
"""

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

import dagster as dg

from credit_assets.metadata import drawing, picture
from credit_risk.charts.drift import drift_chart
from resources.drift_pages import WrittenPages
from resources.drift_reports import DayReport

# Read by sensors/drift.py: renaming one silences it.
STATUS = "drift/status"
MODEL_VERSION = "drift/model_version"
N_PREDICTIONS = "drift/n_predictions"
DRIFTED = "drift/drifted_features"
ALL_DRIFTED = "drift/all_drifted_features"

LARGEST = 10


def figures(stored: DayReport, all_drifted: Iterable[str] | None) -> dict[str, Any]:
    """The figures of a day; `all_drifted` are those that an answer to its alert covers."""
    report = stored.report
    drifted = sorted(report.details.loc[report.details["drifted"], "feature"])
    metadata: dict[str, Any] = {
        STATUS: report.status,
        MODEL_VERSION: stored.model_version,
        N_PREDICTIONS: report.n_predictions,
        DRIFTED: drifted,
        "drift/percentage": float(report.drift_percentage),
        "drift/n_features_analyzed": report.n_features_analyzed,
        "drift/n_features_drifted": report.n_features_drifted,
        "drift/largest": dg.MetadataValue.md(report.details.head(LARGEST).to_markdown(index=False)),
        "drift/by_rule": {name: verdict.status for name, verdict in report.by_rule.items()},
    }
    if report.n_compared < report.n_predictions:
        metadata["drift/n_compared"] = report.n_compared
    if stored.score is not None:
        metadata["drift/score"] = _plain(stored.score)
    if stored.multivariate is not None:
        metadata["drift/multivariate"] = _plain(stored.multivariate)
    if all_drifted is not None:
        metadata[ALL_DRIFTED] = sorted({*all_drifted, *drifted})
    return metadata


def pages(stored: DayReport, written: WrittenPages) -> dict[str, Any]:
    """Where the pages of a day are, and their pictures in place."""
    title = f"{stored.day} against model {stored.model_version}"
    return {
        "drift/page": dg.MetadataValue.url(written.page),
        "drift/evidently_page": dg.MetadataValue.url(written.evidently),
        "drift/chart": picture(drift_chart(stored.report, title=title), f"drift of {stored.day}"),
        **{f"drift/{name}": drawing(svg, f"{name} of {stored.day}") for name, svg in written.pictures.items()},
    }


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Without NaN, which is no JSON."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}
