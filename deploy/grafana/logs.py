"""Logs: what did the service say? From `api_logs`, where Fluentd's lines arrive."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, TextBoxVariable
from grafana_foundation_sdk.models.dashboard import VariableOption

from deploy.grafana.parts import (
    FULL,
    RED,
    YELLOW,
    Visual,
    bars_over_time,
    dashboard,
    number,
    over_time,
    rows,
    sql,
    steps,
)

WHERE = "$__timeFilter(timestamp)"
# A text that is part of the event, the message or any field; empty finds everything.
SEARCHED = f"""{WHERE} AND (coalesce(event, '') || ' ' || coalesce(message, '') || ' ' || extra::text)
               ILIKE '%' || ${{search:sqlstring}} || '%'"""


def logs() -> Dashboard:
    """The operator's second page."""
    search = TextBoxVariable("search").label("Contains").default_value("").current(VariableOption(text="", value=""))
    board = dashboard("credit-logs", "Credit: logs", "What did the service say?", since="now-6h").with_variable(search)
    for panel in _panels():
        board = board.with_panel(panel)
    return board


def _panels() -> list[Visual]:
    return [
        number("Lines", "How much is logged?", "short",
               sql(f"SELECT count(*) AS lines FROM credit.api_logs WHERE {WHERE}")),
        number("Errors", "How many lines are errors?", "short",
               sql(f"SELECT count(*) FILTER (WHERE level IN ('error', 'critical')) AS errors"
                   f" FROM credit.api_logs WHERE {WHERE}"), steps((1, YELLOW), (100, RED)), ("ErrorRateElevated",)),
        number("Newest line", "How long ago did the last line arrive? Minutes mean that the shipper has stopped.", "s",
               sql("SELECT extract(epoch FROM now() - max(received_at)) AS age FROM credit.api_logs"),
               steps((300, YELLOW), (3600, RED))),
        bars_over_time("Lines by level", "When was there trouble?", "short",
                       sql(f"""SELECT $__timeGroupAlias(timestamp, $__interval), coalesce(level, 'none') AS metric,
                                      count(*) AS lines
                               FROM credit.api_logs WHERE {WHERE} GROUP BY 1, 2 ORDER BY 1""", over_time=True)),
        over_time("Time to the answer, as logged", "How long did requests take, by route?", "ms",
                  sql(f"""SELECT $__timeGroupAlias(timestamp, $__interval), extra->>'route' AS metric,
                                 percentile_cont(0.95) WITHIN GROUP (ORDER BY (extra->>'ms')::float8) AS p95
                          FROM credit.api_logs WHERE {WHERE} AND event = 'request' AND extra ? 'ms'
                          GROUP BY 1, 2 ORDER BY 1""", over_time=True)),
        rows("Events", "What happens how often?",
             sql(f"""SELECT coalesce(event, left(message, 80)) AS event, level, count(*) AS lines,
                            max(timestamp) AS newest
                     FROM credit.api_logs WHERE {WHERE} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50""")),
        rows("Warnings and errors", "What went wrong?",
             sql(f"""SELECT timestamp AS time, level, event, message, extra FROM credit.api_logs
                     WHERE {SEARCHED} AND level IN ('warning', 'error', 'critical')
                     ORDER BY timestamp DESC LIMIT 200""")),
        rows("Lines", "What was said around it?",
             sql(f"""SELECT timestamp AS time, level, event, message, extra->>'status' AS status,
                            extra->>'request_id' AS request_id, extra
                     FROM credit.api_logs WHERE {SEARCHED} ORDER BY timestamp DESC LIMIT 500"""), width=FULL),
    ]  # fmt: skip
