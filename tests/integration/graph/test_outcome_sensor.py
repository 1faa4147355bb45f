"""The outcome sensor on a real instance: which days it asks for, what it tells the graph, and when it waits."""

from datetime import timedelta
from uuid import uuid4

import pandas as pd
import pytest

from credit_assets.outcomes import LAST_OUTCOME, N_NEW, OUTCOMES
from resources import schema
from resources.outcomes import Outcome, record_outcomes
from resources.prediction_log import day_bounds

SENSOR = "outcome_volume_sensor"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.fixture
def applicants():
    return pd.DataFrame({"SK_ID_CURR": range(100_001, 100_011), "AMT_CREDIT": 1.0})


def deliver(platform, day, target=0):
    """An outcome for every decision of a day; returns how many rows were new."""
    start, end = day_bounds(day)
    with platform.database.connect() as connection:
        query = "SELECT prediction_id FROM credit.decisions WHERE created_at >= %s AND created_at < %s"
        ids = [row[0] for row in connection.execute(query, [start, end]).fetchall()]
        receipt = record_outcomes(connection, [Outcome(each, target, end) for each in ids])
    return receipt.recorded + receipt.corrected


def ranges(seen):
    return [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in seen.run_requests]


def test_it_follows_outcomes_from_arrival_to_report(untrained, applicants):
    days = [untrained.today - timedelta(days=back) for back in (40, 3, 1)]
    with untrained.database.connect() as connection:
        schema.ensure_partitions(connection, days[0], days[-1])
    for day in days:
        untrained.decide(day, applicants)
    assert untrained.tick(SENSOR).skip_message == "no outcome after number 0"

    # Days near each other share a run, one far away has its own.
    assert [deliver(untrained, day) for day in days] == [10, 10, 10]
    seen = untrained.tick(SENSOR)
    assert ranges(seen) == [(str(days[0]), str(days[0])), (str(days[1]), str(days[2]))]
    assert seen.run_requests[0].tags["credit/cause"] == (
        f"outcomes: 30 new outcomes of decisions of 3 days, {days[0]} to {days[2]}"
    )
    told = {r.partition_key: r.asset_materialization.metadata for r in untrained.materializations(OUTCOMES)}
    assert {day: m[N_NEW].value for day, m in told.items()} == {str(day): 10 for day in days}
    assert {m[LAST_OUTCOME].value for m in told.values()} == {int(seen.cursor)}

    # What was asked for once is not asked for again; the same outcomes once more are no news.
    assert [deliver(untrained, day) for day in days] == [0, 0, 0]
    assert untrained.tick(SENSOR).run_requests == []

    for request in seen.run_requests:
        assert untrained.launch("performance_job", request).success
    found = untrained.clients.performance_reports.between(days[0], days[2])
    assert [(row["report_date"], row["n_outcomes"]) for row in found] == [(day, 10) for day in days]

    # A correction is news of its day alone, and waits until the run before it has ended.
    assert deliver(untrained, days[1], target=1) == 10
    waiting = untrained.instance.create_run_for_job(
        untrained.defs.resolve_job_def("performance_job"), tags={"dagster/partition": str(days[0])}
    )
    assert untrained.tick(SENSOR).skip_message == "1 runs of performance_job unfinished"
    untrained.instance.report_run_canceled(waiting)
    again = untrained.tick(SENSOR)
    assert ranges(again) == [(str(days[1]), str(days[1]))]
    assert again.run_requests[0].run_key != seen.run_requests[1].run_key


def test_outcomes_of_decisions_that_are_nowhere_are_told_and_ask_for_nothing(untrained):
    with untrained.database.connect() as connection:
        record_outcomes(connection, [Outcome(uuid4(), 1, day_bounds(untrained.today)[0])])
    seen = untrained.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message == (
        "0 new outcomes of decisions of 0 days; 1 of decisions that are not on record left out"
    )
