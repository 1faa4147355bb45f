"""The composition root: adds up assets, jobs, schedules and sensors, and gives them resources.

Here: explicit lists, nothing else. Nothing connects or reads the environment when this is
imported; resources open what they need on first use.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from credit_assets import (
    archive,
    champion,
    comparison,
    drift,
    features,
    jobs,
    log_retention,
    model,
    online_features,
    outcomes,
    performance,
    predictions,
    raw,
    raw_checks,
    reference,
    schedules,
)
from credit_assets.execution import machine_executor
from resources.dagster_resources import PlatformResource, mlflow_run
from sensors import drift as drift_sensors
from sensors import failures
from sensors import outcomes as outcome_sensors
from sensors import retraining as retraining_sensors


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole graph.

    Args:
        resources: by key, in the place of the default ones: `platform` and `mlflow`.
    """
    return dg.Definitions(
        assets=[
            *raw.assets,
            *features.assets,
            model.credit_model,
            reference.training_reference,
            comparison.model_comparison,
            champion.champion_model,
            predictions.predictions,
            predictions.prediction_partitions,
            archive.predictions_archive,
            archive.prediction_retention,
            log_retention.log_retention,
            online_features.online_features,
            drift.drift_report,
            outcomes.outcomes,
            performance.performance_report,
        ],
        asset_checks=raw_checks.checks,
        jobs=jobs.jobs,
        schedules=schedules.schedules,
        sensors=[*drift_sensors.sensors, *retraining_sensors.sensors, *outcome_sensors.sensors, *failures.sensors],
        resources={"platform": PlatformResource(), "mlflow": mlflow_run, **(resources or {})},
        executor=machine_executor,
    )


defs = build_defs()
