"""Closed days of decisions in the lake, and the months that leave PostgreSQL after that.

Here: one record a day that was written, and what retention did. Keep out: the file and its verification
(`resources.decision_archive`), which partitions may go (`resources.retention`), erasure (`credit erase`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from credit_assets import owners
from credit_assets.partitions import DAILY
from credit_assets.predictions import PREDICTIONS
from credit_risk.errors import CreditError
from resources.archived_days import ArchivedDay
from resources.dagster_resources import PlatformResource

PREDICTIONS_ARCHIVE = dg.AssetKey("predictions_archive")
PREDICTION_RETENTION = dg.AssetKey("prediction_retention")


@dg.multi_asset(
    name="predictions_archive",
    specs=[
        dg.AssetSpec(
            PREDICTIONS_ARCHIVE,
            group_name="production",
            owners=[owners.DATA],
            kinds={"parquet"},
            skippable=True,
            partitions_def=DAILY,
            deps=[PREDICTIONS],
            description="Closed days of decisions as Parquet in the lake, features in typed columns, read back and "
            "compared with the database. A day that gets late decisions is written anew. The open day is left out.",
        )
    ],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def predictions_archive(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.AssetMaterialization]:
    """Write the days of the run that no file holds as they are; a day that fails costs its neighbours nothing."""
    archive, today = platform.decision_archive, datetime.now(UTC).date()
    days = {date.fromisoformat(key) for key in context.partition_keys}
    if today in days:
        context.log.info("%s is left out: it is not over", today)
    due = set(archive.due(max(days)))
    known = {state.day: state for state in archive.archived()}
    failed: dict[str, str] = {}
    for day in sorted(day for day in days if day < today and (day in due or day in known)):
        try:
            state = archive.archive(day) if day in due else known[day]
        except CreditError as error:
            failed[day.isoformat()] = str(error)
            continue
        if state is not None:
            context.log.info("%s: %d decisions, %s", day, state.n_rows, "written" if day in due else "as it was")
            yield dg.AssetMaterialization(
                PREDICTIONS_ARCHIVE, partition=day.isoformat(), metadata=_describe(platform, state)
            )
    if failed:
        raise dg.Failure(f"{len(failed)} of {len(days)} days not archived", metadata=dict(failed))


@dg.asset(
    key=PREDICTION_RETENTION,
    group_name="production",
    owners=[owners.DATA],
    kinds={"postgres"},
    deps=[PREDICTIONS_ARCHIVE],
)
def prediction_retention(platform: PlatformResource) -> dg.MaterializeResult[None]:
    """Drops months of `credit.decisions` older than CREDIT_RETENTION_MONTHS, once every day of them is archived."""
    # Imported here: it is needed once a day.
    from resources.retention import drop_old_partitions

    months = platform.settings.retention_months
    if months is None:
        return dg.MaterializeResult(metadata={"kept": "everything: CREDIT_RETENTION_MONTHS is not set"})
    done = drop_old_partitions(platform.decision_archive, datetime.now(UTC).date(), months)
    return dg.MaterializeResult(
        metadata={
            "months": months,
            "dropped": dict(done.dropped),
            "n_decisions_dropped": sum(done.dropped.values()),
            "kept_though_old": dict(done.kept),
        }
    )


def _describe(platform: PlatformResource, state: ArchivedDay) -> dict[str, dg.MetadataValue]:
    return {
        "n_decisions": dg.MetadataValue.int(state.n_rows),
        "bytes": dg.MetadataValue.int(state.n_bytes),
        "sha256": dg.MetadataValue.text(state.sha256),
        "file": dg.MetadataValue.url(platform.lake.uri(state.address)),
    }
