"""The performance report: what a day's decisions came to, recomputed whenever outcomes of that day arrive.

Here: one record, its checks and the rows a day, for one day or a range in one run. Keep out: the
figures (`credit_risk.performance`), and when a report is due (`sensors.outcomes`).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # in no public module, and the only way to say which record is meant
)

from credit_assets import owners, performance_metadata
from credit_assets.metadata import picture
from credit_assets.model import CREDIT_MODEL
from credit_assets.outcomes import OUTCOMES
from credit_assets.partitions import DAILY
from credit_assets.performance_days import PerformanceDays, ReportedDay
from credit_assets.predictions import PREDICTIONS
from credit_risk.charts.performance import performance_chart
from credit_risk.performance_checks import calibrated_among_the_approved, cost_within_estimate, together
from resources.dagster_resources import PlatformResource

PERFORMANCE_REPORT = dg.AssetKey("performance_report")
CHECKS = {
    "calibrated_among_the_approved": calibrated_among_the_approved,
    "cost_within_estimate": cost_within_estimate,
}

# As far as the picture looks back: a quarter, in which labels mature.
PICTURED = timedelta(days=90)

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation


@dg.multi_asset(
    name="performance_report",
    specs=[
        dg.AssetSpec(
            PERFORMANCE_REPORT,
            group_name="monitoring",
            owners=[owners.RISK],
            kinds={"postgres"},
            skippable=True,
            partitions_def=DAILY,
            deps=[PREDICTIONS, OUTCOMES, CREDIT_MODEL],
            description="What the decisions of a day came to, by model version: realised AUC, cost and calibration "
            "among the approved, beside the out-of-fold figures of the same rows, and the estimate before labels. "
            "Rows in `credit.performance_reports`, recomputed when outcomes arrive.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "calibrated_among_the_approved",
            asset=PERFORMANCE_REPORT,
            partitions_def=DAILY,
            description="Outcomes of the approved do not contradict their probabilities of default.",
        ),
        dg.AssetCheckSpec(
            "cost_within_estimate",
            asset=PERFORMANCE_REPORT,
            partitions_def=DAILY,
            description="The realised cost of the approved is what was estimated before their labels came.",
        ),
    ],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def performance_report(context: dg.AssetExecutionContext, platform: PlatformResource) -> Iterator[Event]:
    """Report on each day of the run; a day that fails costs its neighbours nothing."""
    days = PerformanceDays(platform, context.partition_keys)
    for batch in days.batches():
        yield from _record(context, platform, batch)
    if days.failed:
        raise dg.Failure(
            f"{len(days.failed)} of {len(context.partition_keys)} days without a report", metadata=dict(days.failed)
        )


def _record(
    context: dg.AssetExecutionContext, platform: PlatformResource, days: Sequence[ReportedDay]
) -> Iterator[Event]:
    """Rows, then records, then checks that point at them. A day that a later run has reported is left to it."""
    stored = [day for day in days if platform.performance_reports.store(day.day, day.reports, read_at=day.read_at)]
    newest = max(context.partition_keys)
    for day in stored:
        metadata = performance_metadata.figures(day.reports)
        if day.key == newest:
            metadata |= _pictured(platform, day)
        yield dg.AssetMaterialization(PERFORMANCE_REPORT, partition=day.key, metadata=metadata)
    targets = _targets(context, [day.key for day in stored])
    for day in stored:
        yield from _checks(day, targets.get(day.key))
    context.log.info("%s to %s: %d of %d days reported", days[0].key, days[-1].key, len(stored), len(days))


def _pictured(platform: PlatformResource, day: ReportedDay) -> dict[str, dg.MarkdownMetadataValue]:
    rows = platform.performance_reports.between(day.day - PICTURED, day.day)
    if not rows:
        return {}
    return {"performance/chart": picture(performance_chart(rows), f"performance until {day.key}")}


def _targets(
    context: dg.AssetExecutionContext, keys: list[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """The records just stored; a check that does not point at one does not count as current."""
    if not keys:
        return {}
    wanted = dg.AssetRecordsFilter(asset_key=PERFORMANCE_REPORT, asset_partitions=keys)
    found: dict[str, AssetCheckEvaluationTargetMaterializationData] = {}
    # Newest first. Another run may have recorded some of these days meanwhile.
    for record in context.instance.fetch_materializations(wanted, limit=10 * len(keys)).records:
        if record.run_id == context.run.run_id:
            found.setdefault(
                str(record.partition_key),
                AssetCheckEvaluationTargetMaterializationData(
                    storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
                ),
            )
    return found


def _checks(
    day: ReportedDay, target: AssetCheckEvaluationTargetMaterializationData | None
) -> Iterator[dg.AssetCheckEvaluation]:
    for name, judge in CHECKS.items():
        judgement = together({version: judge(report) for version, report in day.reports.items()})
        yield dg.AssetCheckEvaluation(
            asset_key=PERFORMANCE_REPORT,
            check_name=name,
            passed=judgement.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=judgement.reason,
            partition=day.key,
            target_materialization_data=target,
            metadata={"reason": judgement.reason},
        )
