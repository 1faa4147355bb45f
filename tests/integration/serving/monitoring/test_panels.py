"""Every panel of every dashboard has something to show: SQL on real PostgreSQL, PromQL on a real Prometheus."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from resources.api_keys import ApiKeys
from resources.outcomes import Outcome, record_outcomes
from resources.roles import READER, RoleDatabase
from resources.settings import REPOSITORY

DASHBOARDS = sorted((REPOSITORY / "deploy" / "grafana" / "dashboards").glob("*.json"))

# Scrapes come every 250 ms; a rate needs two of them.
RATE_INTERVAL = "2s"
SHOWN_TIMEOUT_S = 20.0


def queries(dashboard):
    """Panel and query of each target, rows unfolded."""
    for panel in dashboard["panels"]:
        for inner in [panel, *panel.get("panels", [])]:
            for target in inner.get("targets", []):
                yield f"{dashboard['uid']}: {inner['title']} {target['refId']}", target


def as_sql(query):
    """A query as Grafana's PostgreSQL data source sends it: macros and variables replaced, the last day shown."""
    end = datetime.now(UTC) + timedelta(hours=1)
    start = end - timedelta(days=3)
    bounds = rf"\1 BETWEEN '{start:%FT%TZ}' AND '{end:%FT%TZ}'"
    query = re.sub(r"\$__timeFilter\(([^()]*)\)", bounds, query)
    query = re.sub(
        r"\$__timeGroupAlias\((\w+),\s*\$__interval\)",
        r'floor(extract(epoch from \1) / 60) * 60 AS "time"',
        query,
    )
    query = query.replace("${search:sqlstring}", "''").replace("$model_version", "model_version")
    assert "$" not in query, f"a macro that is not known: {query}"
    return query


def as_promql(expression):
    return expression.replace("$__rate_interval", RATE_INTERVAL)


def found_in(dashboards):
    return [query for path in dashboards for query in queries(json.loads(path.read_text()))]


def shows_something(rows):
    return any(value is not None for row in rows for value in row)


@pytest.fixture
def watched(furnished, shelf, tiny_model, start_service, prometheus):
    """A service with a key that Prometheus holds, decisions of both kinds and an outcome."""
    _, key = ApiKeys(furnished).create("prometheus", ("observe", "score"), created_by="test")
    shelf.promote(tiny_model("1", seed=1, threshold=0.25))
    with start_service(furnished, shelf) as service:
        server = prometheus(service.url, key=key)

        def decide():
            for source in (0.02, 0.3, 0.98, None):
                features = {"AMT_CREDIT": 1e5, "EXT_SOURCE_1": source, "ORGANIZATION_TYPE": "Trade"}
                answer = service.client.post(
                    "/predict", json={"SK_ID_CURR": 7, "features": features}, headers={"X-API-Key": key}
                )
                assert answer.status_code == 200, answer.text
            return answer.json()["prediction_id"]

        yield furnished, server, decide


def test_every_panel_has_something_to_show(watched):
    database, server, decide = watched
    with database.connect() as connection:
        record_outcomes(connection, [Outcome(decide(), 1, datetime.now(UTC))])
    asked = found_in(DASHBOARDS)
    assert len(asked) > 40
    with RoleDatabase(database.url, READER).connect() as connection:
        empty = [
            name
            for name, target in asked
            if "rawSql" in target and not shows_something(connection.execute(as_sql(target["rawSql"])).fetchall())
        ]
    waiting = {name: as_promql(target["expr"]) for name, target in asked if "expr" in target}
    end = time.monotonic() + SHOWN_TIMEOUT_S
    while waiting and time.monotonic() < end:
        decide()
        waiting = {name: expression for name, expression in waiting.items() if not server.query(expression)}
    assert (empty, waiting) == ([], {})


def test_the_models_of_the_variable_are_those_on_record(furnished):
    for path in DASHBOARDS:
        for variable in json.loads(path.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                with RoleDatabase(furnished.url, READER).connect() as connection:
                    assert connection.execute(variable["query"]).fetchall() == [("1",)]
