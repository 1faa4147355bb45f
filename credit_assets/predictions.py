"""What production writes and the graph only watches, and the partitions it writes into."""

from datetime import UTC, datetime

import dagster as dg

from credit_assets import owners
from credit_assets.partitions import DAILY
from resources import schema
from resources.dagster_resources import PlatformResource
from resources.idempotency import forget_old_keys

PREDICTIONS = dg.AssetKey("predictions")

# Read by people and by the lineage: how many decisions a day holds.
N_PREDICTIONS = "predictions/n"

predictions = dg.AssetSpec(
    PREDICTIONS,
    group_name="production",
    owners=[owners.RISK],
    partitions_def=DAILY,
    kinds={"postgres"},
    description="Decisions on record: one row a scored application in `credit.predictions`, written by the "
    "scoring service before it answers. `prediction_volume_sensor` reports here how a day fills.",
)


@dg.asset(group_name="production", owners=[owners.DATA], kinds={"postgres"})
def prediction_partitions(platform: PlatformResource) -> dg.MaterializeResult[None]:
    """Monthly partitions of `credit.decisions`, kept three months ahead of today; idempotency keys end here."""
    now = datetime.now(UTC)
    with platform.database.connect() as connection:
        made = schema.keep_partitions_ahead(connection, now.date())
        forgotten = forget_old_keys(connection, now)
    return dg.MaterializeResult(
        metadata={"made": made, "months_ahead": schema.MONTHS_AHEAD, "idempotency_keys_forgotten": forgotten}
    )
