"""The drift report: a day's decisions against the training reference of the model that was live.

Here: one record, row and check a day, for one day or a range in one run. Keep out: the tests
and the verdict (`credit_risk.drift`), and when a report is due (`sensors.drift`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # in no public module, and the only way to say which record is meant
)

from credit_assets import owners
from credit_assets.metadata import picture
from credit_assets.partitions import DAILY
from credit_assets.predictions import PREDICTIONS
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.charts.drift import drift_chart
from credit_risk.charts.evidently_page import evidently_page
from credit_risk.drift import DriftReport, compute_drift_report
from credit_risk.errors import CreditError, DriftError, ModelError
from credit_risk.manifest import Manifest
from credit_risk.monitored import MONITORED, monitored_features
from resources.dagster_resources import PlatformResource
from resources.prediction_log import day_bounds

DRIFT_REPORT = dg.AssetKey("drift_report")
CHECK = "population_is_stable"

# Read by sensors/drift.py: renaming one silences it.
STATUS = "drift/status"
MODEL_VERSION = "drift/model_version"
N_PREDICTIONS = "drift/n_predictions"
DRIFTED = "drift/drifted_features"
ALL_DRIFTED = "drift/all_drifted_features"


@dataclass(frozen=True)
class LiveReference:
    """What a day is compared with: the live model, its sample as it takes it, and the features it is watched on."""

    model_version: str
    manifest: Manifest
    sample: pd.DataFrame
    monitored: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """A day's features and what came of the comparison."""

    day: date
    current: pd.DataFrame
    live: LiveReference
    report: DriftReport


class References:
    """The live reference of a day, each model's read once a run."""

    def __init__(self, platform: PlatformResource) -> None:
        self._platform = platform
        self._by_version: dict[str, LiveReference] = {}

    def at_the_end_of(self, day: date) -> LiveReference:
        """The reference of the model that was live when the day ended.

        Raises:
            ModelError: no model was ever live, or its reference is gone.
        """
        live = self._platform.live_models.at(day_bounds(day)[1])
        if live is None:
            raise ModelError(
                "no model that was ever live",
                expected="a model in production, whose reference the day is compared with",
                remedy="run training_job first",
            )
        version = live.model_version
        if version not in self._by_version:
            manifest = self._platform.registry.manifest(version)
            self._by_version[version] = LiveReference(
                version,
                manifest,
                manifest.feature_set.conform(self._platform.training_reference.sample(version)),
                monitored_features(manifest.importances, self._platform.settings.drift_features),
            )
        return self._by_version[version]


@dg.multi_asset(
    name="drift_report",
    specs=[
        dg.AssetSpec(
            DRIFT_REPORT,
            group_name="monitoring",
            owners=[owners.RISK],
            kinds={"postgres", "evidently"},
            skippable=True,
            partitions_def=DAILY,
            deps=[PREDICTIONS, TRAINING_REFERENCE],
            description="Whether a day's applicants still look like those the live model was trained on: "
            "one row a day in `credit.drift_reports`. Pages and pictures for the newest day of a run.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=DRIFT_REPORT,
            partitions_def=DAILY,
            description="Fewer than a tenth of the monitored features drifted.",
        )
    ],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def drift_report(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """Compare each day of the run with its reference; a day that fails costs its neighbours nothing."""
    references = References(platform)
    days = context.partition_keys
    failed: dict[str, str] = {}
    for key in days:
        try:
            done = _compare(platform, references, date.fromisoformat(key))
            metadata = _describe(done)
        except CreditError as error:
            # Named at the end: one bad day must not cost its neighbours their reports.
            failed[key] = str(error)
            continue
        if key == days[-1]:
            metadata |= _pages(platform, done)
        # Last: a row says that the day was reported, and no sensor asks for it again.
        _store(platform, done)
        context.log.info("%s: %s, %d features drifted", key, done.report.status, done.report.n_features_drifted)
        yield dg.AssetMaterialization(DRIFT_REPORT, partition=key, metadata=metadata)
        yield _check(context, key, done.report)
    if failed:
        raise dg.Failure(f"{len(failed)} of {len(days)} days without a report", metadata=dict(failed))


def _compare(platform: PlatformResource, references: References, day: date) -> Day:
    live = references.at_the_end_of(day)
    current = _as_the_model_takes(live, platform.prediction_log.features_of(day))
    report = compute_drift_report(
        live.sample,
        current,
        features=list(live.monitored),
        rule=platform.settings.drift_rule,
        min_predictions=platform.settings.drift_min_predictions,
    )
    return Day(day, current, live, report)


def _as_the_model_takes(live: LiveReference, stored: pd.DataFrame) -> pd.DataFrame:
    """The features that the model knows, of its kinds: a stored feature that it never knew is not compared."""
    try:
        return live.manifest.feature_set.conform(stored)
    except ValueError:
        # Its message would quote an applicant's value. Only imported decisions can hold such a one.
        numeric = [feature.name for feature in live.manifest.feature_set.accepted if feature.kind == "numeric"]
        textual = [name for name in numeric if name in stored and _holds_text(stored[name])]
        raise DriftError(
            f"decisions with text where model {live.model_version} takes numbers: {', '.join(textual)}",
            expected="numbers, as the model was trained on",
            remedy="import the decisions of this day with their features corrected",
            fields={"textual": textual},
        ) from None


def _holds_text(column: pd.Series) -> bool:
    return any(isinstance(value, str) for value in column)


def _store(platform: PlatformResource, done: Day) -> None:
    platform.drift_reports.store(
        done.day, done.report, rule=platform.settings.drift_rule, model_version=done.live.model_version
    )


def _describe(done: Day) -> dict[str, Any]:
    report = done.report
    drifted = sorted(report.details.loc[report.details["drifted"], "feature"])
    metadata = {
        STATUS: report.status,
        MODEL_VERSION: done.live.model_version,
        N_PREDICTIONS: report.n_predictions,
        DRIFTED: drifted,
        "drift/percentage": float(report.drift_percentage),
        "drift/n_features_analyzed": report.n_features_analyzed,
        "drift/n_features_drifted": report.n_features_drifted,
        "drift/largest": dg.MetadataValue.md(report.details.head(10).to_markdown(index=False)),
    }
    if report.status == "alert":
        # What an answer to this alert covers: every feature that moved, watched or not. Otherwise
        # the next model, which is watched on others, would ring again for the same move.
        everything = compute_drift_report(done.live.sample, done.current)
        moved = everything.details.loc[everything.details["drifted"], "feature"]
        metadata[ALL_DRIFTED] = sorted({*moved, *drifted})
    return metadata


def _pages(platform: PlatformResource, done: Day) -> dict[str, Any]:
    """The picture, and the Evidently page in the lake, of a day with enough predictions to show.

    The page holds the thirty most important features, however many are monitored: all of them
    would be tens of megabytes that no browser opens gladly.
    """
    if done.report.status == "insufficient":
        return {}
    chart = drift_chart(done.report, title=f"{done.day} against model {done.live.model_version}")
    columns = list(done.live.monitored[:MONITORED])
    page = evidently_page(done.live.sample[columns], done.current[columns])
    address = platform.lake.write_bytes(f"reports/drift/{done.day}.html", page)
    return {
        "drift/chart": picture(chart, f"drift of {done.day}"),
        "drift/evidently_page": dg.MetadataValue.url(address),
    }


def _check(context: dg.AssetExecutionContext, key: str, report: DriftReport) -> dg.AssetCheckEvaluation:
    # Points at the record just stored; without it the check does not count as current.
    record = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=DRIFT_REPORT, asset_partitions=[key]), limit=1
    ).records[0]
    target = AssetCheckEvaluationTargetMaterializationData(
        storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
    )
    return dg.AssetCheckEvaluation(
        asset_key=DRIFT_REPORT,
        check_name=CHECK,
        passed=report.status in {"ok", "insufficient"},
        severity=dg.AssetCheckSeverity.ERROR if report.status == "alert" else dg.AssetCheckSeverity.WARN,
        partition=key,
        target_materialization_data=target,
        metadata={"status": report.status, "drift_percentage": float(report.drift_percentage)},
    )
