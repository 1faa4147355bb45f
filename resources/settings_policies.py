"""What the policies of monitoring and retraining may be told: when a report is due, what drifted, what errors cost.

Here: these fields of `Settings`, which takes them in. How long decisions are kept is
one of them. Add one when a lender must choose it. Keep out: where things are
(`settings`), and the policies (the core).
"""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class PolicySettings(BaseSettings):
    """The settings of policies; read them as fields of `Settings`."""

    volume_threshold: int = Field(
        100,
        validation_alias="CREDIT_VOLUME_THRESHOLD",
        ge=1,
        description="new predictions that recompute a day's drift",
    )
    drift_rule: Literal["corrected", "classic"] = Field(
        "corrected", validation_alias="CREDIT_DRIFT_RULE", description="when a feature drifted"
    )
    drift_min_predictions: int = Field(
        30, validation_alias="CREDIT_DRIFT_MIN_PREDICTIONS", ge=1, description="fewer are `insufficient`"
    )
    drift_features: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        30,
        validation_alias="CREDIT_DRIFT_FEATURES",
        description="monitored features: the most important N, or `all`",
    )
    retrain_cooldown_hours: float = Field(
        24.0,
        validation_alias="CREDIT_RETRAIN_COOLDOWN_HOURS",
        ge=0,
        allow_inf_nan=False,
        description="hours between retrainings; 0 is off",
    )
    retrain_max_per_week: int = Field(
        3,
        validation_alias="CREDIT_RETRAIN_MAX_PER_WEEK",
        ge=0,
        description="retrainings a week at most; 0 is off",
    )
    loss_of_default: float = Field(
        10.0,
        validation_alias="CREDIT_LOSS_OF_DEFAULT",
        ge=0,
        allow_inf_nan=False,
        description="money lost by a default that was approved, for reports",
    )
    margin_of_good: float = Field(
        1.0,
        validation_alias="CREDIT_MARGIN_OF_GOOD",
        ge=0,
        allow_inf_nan=False,
        description="money missed by a good applicant who was refused, for reports",
    )
    currency: str = Field("", validation_alias="CREDIT_CURRENCY", description="of both; empty: units of such a margin")
    label_delay_days: float = Field(
        90.0,
        validation_alias="CREDIT_LABEL_DELAY_DAYS",
        ge=0,
        allow_inf_nan=False,
        description="days until most outcomes of a day are known, for the price of waiting",
    )
    retention_months: int | None = Field(
        None,
        validation_alias="CREDIT_RETENTION_MONTHS",
        # A decision that waited in a journal must still find its month in PostgreSQL.
        ge=1,
        description="whole months of decisions kept in PostgreSQL beside the current one; older ones, once archived, "
        "in the lake alone (keep everything)",
    )
    log_retention_days: int = Field(
        90,
        validation_alias="CREDIT_LOG_RETENTION_DAYS",
        ge=1,
        description="days that delivered log lines are kept in `api_logs`",
    )
