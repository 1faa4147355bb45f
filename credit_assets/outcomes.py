"""What became of decisions, as the graph knows it: written from outside, watched by day of decision."""

import dagster as dg

from credit_assets import owners
from credit_assets.partitions import DAILY
from credit_assets.predictions import PREDICTIONS

OUTCOMES = dg.AssetKey("outcomes")

# Read by people: how many outcomes the decisions of a day got since the last look.
N_NEW = "outcomes/n_new"
LAST_OUTCOME = "outcomes/last_outcome_id"

outcomes = dg.AssetSpec(
    OUTCOMES,
    group_name="production",
    owners=[owners.RISK],
    partitions_def=DAILY,
    kinds={"postgres"},
    deps=[PREDICTIONS],
    description="Whether approved applicants defaulted, by the day of their decision: rows of `credit.outcomes`, "
    "delivered late, corrected by newer rows. `outcome_volume_sensor` reports here which days got some.",
)
