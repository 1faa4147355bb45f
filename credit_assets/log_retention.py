"""Log lines that leave PostgreSQL when nobody looks for them any more.

Here: one asset, what it forgot. Keep out: deleting (`resources.api_logs`), and how long lines are kept (the settings).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from credit_assets import owners
from resources.api_logs import forget_log_lines
from resources.dagster_resources import PlatformResource

LOG_RETENTION = dg.AssetKey("log_retention")


@dg.asset(key=LOG_RETENTION, group_name="production", owners=[owners.DATA], kinds={"postgres"})
def log_retention(platform: PlatformResource) -> dg.MaterializeResult[None]:
    """Forgets delivered log lines of the service that are older than CREDIT_LOG_RETENTION_DAYS."""
    days = platform.settings.log_retention_days
    forgotten = forget_log_lines(platform.database, datetime.now(UTC) - timedelta(days=days))
    return dg.MaterializeResult(metadata={"days_kept": days, "n_lines_forgotten": forgotten})
