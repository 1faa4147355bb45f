"""The drift report: a day's decisions against the training reference of the model that was live.

Here: one record, row and check a day, for one day or a range in one run: the log is read once, and
days are recorded some at a time. Keep out: the tests and the verdict (`credit_risk.drift`), what a
day is compared with (`resources.live_references`), the pages (`resources.drift_pages`), and when a
report is due (`sensors.drift`).
"""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # in no public module, and the only way to say which record is meant
)

from credit_assets import owners
from credit_assets.drift_days import Reported, RunOfDays
from credit_assets.drift_metadata import (
    ALL_DRIFTED,
    DRIFTED,
    MODEL_VERSION,
    N_PREDICTIONS,
    STATUS,
)
from credit_assets.partitions import DAILY
from credit_assets.predictions import PREDICTIONS
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.drift import DriftReport
from resources.dagster_resources import PlatformResource
from resources.dagster_storage import kept_connection

# With the metadata keys that sensors read: one door for whoever asks about drift.
__all__ = [
    "ALL_DRIFTED",
    "CHECK",
    "DRIFTED",
    "DRIFT_REPORT",
    "MODEL_VERSION",
    "N_PREDICTIONS",
    "STATUS",
    "drift_report",
]

DRIFT_REPORT = dg.AssetKey("drift_report")
CHECK = "population_is_stable"

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation


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
            "one row a day in `credit.drift_reports`. Pages and pictures for the newest day of a run; "
            "`credit drift page DAY` makes those of any other.",
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
def drift_report(context: dg.AssetExecutionContext, platform: PlatformResource) -> Iterator[Event]:
    """Compare each day of the run with its reference; a day that fails costs its neighbours nothing."""
    run = RunOfDays(platform, context.partition_keys)
    for days in run.batches():
        with kept_connection(context.instance):
            yield from _record(context, platform, run, days)
    if run.failed:
        raise dg.Failure(
            f"{len(run.failed)} of {len(context.partition_keys)} days without a report, or without its pages",
            metadata=dict(run.failed),
        )


def _record(
    context: dg.AssetExecutionContext,
    platform: PlatformResource,
    run: RunOfDays,
    days: Sequence[Reported],
) -> Iterator[Event]:
    """Rows, records and checks of some days: the rows are there for others when the records are.

    A run that is killed in between leaves records without rows, so that a sensor asks for these days
    again; rows without records would hide an alert for ever. A day that a computation which read the
    log later has reported is left to it.
    """
    with platform.drift_reports.storing([done.stored for done in days]) as written:
        stored = {done.key: done for done in days if done.stored.day in written}
        for key, done in stored.items():
            yield dg.AssetMaterialization(DRIFT_REPORT, partition=key, metadata={**done.metadata, **run.pages(done)})
        targets = _targets(context, list(stored))
        for key, done in stored.items():
            yield _check(key, done.stored.report, targets.get(key))
    left = len(days) - len(stored)
    context.log.info(
        "%s to %s: %d days reported%s",
        *(days[0].key, days[-1].key, len(stored), f", {left} left to a run that read the log later" if left else ""),
    )


def _targets(
    context: dg.AssetExecutionContext, keys: list[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """The records just stored; a check that does not point at one does not count as current.

    Nobody else records these days meanwhile: their rows are locked.
    """
    if not keys:
        return {}
    wanted = dg.AssetRecordsFilter(asset_key=DRIFT_REPORT, asset_partitions=keys)
    records = context.instance.fetch_materializations(wanted, limit=len(keys)).records
    return {
        str(record.partition_key): AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
        for record in records
    }


def _check(
    key: str, report: DriftReport, target: AssetCheckEvaluationTargetMaterializationData | None
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=DRIFT_REPORT,
        check_name=CHECK,
        passed=report.status in {"ok", "insufficient"},
        severity=dg.AssetCheckSeverity.ERROR if report.status == "alert" else dg.AssetCheckSeverity.WARN,
        partition=key,
        target_materialization_data=target,
        metadata={"status": report.status, "drift_percentage": float(report.drift_percentage)},
    )
