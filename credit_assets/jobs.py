"""Jobs: the runs that people, schedules and sensors ask for by name."""

import dagster as dg

from credit_assets.archive import PREDICTION_RETENTION, PREDICTIONS_ARCHIVE
from credit_assets.champion import CHAMPION_MODEL
from credit_assets.comparison import MODEL_COMPARISON
from credit_assets.drift import DRIFT_REPORT
from credit_assets.log_retention import LOG_RETENTION
from credit_assets.model import CREDIT_MODEL
from credit_assets.online_features import ONLINE_FEATURES
from credit_assets.performance import PERFORMANCE_REPORT
from credit_assets.predictions import prediction_partitions
from credit_assets.reference import TRAINING_REFERENCE

# What an alert retrains: the features are as new as the raw tables, which an alert does not change.
RETRAINED = [CREDIT_MODEL, TRAINING_REFERENCE, MODEL_COMPARISON, CHAMPION_MODEL]

# A run whose process was killed is run again, whole: what it did half is done once more, and right. Twice, because
# what kills it a third time (memory, most likely) is no accident.
RUN_AGAIN = {"dagster/max_retries": "2", "dagster/retry_strategy": "ALL_STEPS"}

training_job = dg.define_asset_job(
    "training_job",
    # With the features online: what the service looks up is as new as what the next model was trained on.
    selection=dg.AssetSelection.groups("raw", "features", "model", "reference")
    | dg.AssetSelection.assets(ONLINE_FEATURES),
    description="From the CSV files to a judged model, and to the features that the service looks up. "
    "An alert runs only the model and what hangs on it.",
)

drift_job = dg.define_asset_job(
    "drift_job",
    selection=dg.AssetSelection.assets(DRIFT_REPORT),
    description="Drift reports of one day or a range of days.",
    tags=RUN_AGAIN,
)

performance_job = dg.define_asset_job(
    "performance_job",
    selection=dg.AssetSelection.assets(PERFORMANCE_REPORT),
    description="Performance reports of the decisions of one day or a range of days.",
    tags=RUN_AGAIN,
)

partitions_job = dg.define_asset_job(
    "partitions_job",
    selection=dg.AssetSelection.assets(prediction_partitions),
    description="Keeps the monthly partitions of the prediction log ahead.",
    tags=RUN_AGAIN,
)

archive_job = dg.define_asset_job(
    "archive_job",
    selection=dg.AssetSelection.assets(PREDICTIONS_ARCHIVE),
    description="Closed days of decisions to Parquet in the lake, one day or a range of days.",
    tags=RUN_AGAIN,
)

retention_job = dg.define_asset_job(
    "retention_job",
    selection=dg.AssetSelection.assets(PREDICTION_RETENTION, LOG_RETENTION),
    description="Drops archived months of decisions older than CREDIT_RETENTION_MONTHS, and log lines older than "
    "CREDIT_LOG_RETENTION_DAYS.",
    tags=RUN_AGAIN,
)

jobs = [training_job, drift_job, performance_job, partitions_job, archive_job, retention_job]
