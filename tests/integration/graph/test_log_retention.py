from datetime import UTC, datetime, timedelta

import dagster as dg

from credit_assets.log_retention import log_retention
from resources.api_logs import LogLine, log_id_of, store_log_lines
from resources.dagster_resources import PlatformResource


def test_log_lines_are_kept_for_as_long_as_the_settings_say(postgres, tmp_path):
    settings = {"DATABASE_URL": postgres.url, "CREDIT_HOME": str(tmp_path), "CREDIT_LOG_RETENTION_DAYS": "3"}
    moments = [datetime.now(UTC) - timedelta(days=day) for day in (1, 2, 4)]
    with postgres.connect() as connection:
        store_log_lines(
            connection,
            [LogLine(log_id_of(b"chunk", n), at, "info", "request", None, {}) for n, at in enumerate(moments)],
        )
    result = dg.materialize([log_retention], resources={"platform": PlatformResource(overrides=settings)})
    (done,) = result.asset_materializations_for_node("log_retention")
    assert (done.metadata["days_kept"].value, done.metadata["n_lines_forgotten"].value) == (3, 1)
