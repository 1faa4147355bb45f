"""A failed run rings: job, run and error."""

import logging

import dagster as dg
import orjson

from credit_assets.raw import raw_key
from credit_risk.tables.catalogue import TABLES
from sensors.failures import run_failure_alert_sensor


def test_a_failed_run_rings_with_its_job_and_its_link(untrained, caplog):
    (untrained.raw_dir / TABLES["bureau"].file_name).unlink()
    result = untrained.run("training_job", asset_selection=[raw_key("bureau")])
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failure_alert_sensor",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=untrained.instance,
        dagster_run=result.dagster_run,
    )
    with caplog.at_level(logging.ERROR, logger="credit.alerts"):
        run_failure_alert_sensor(context.for_run_failure())
    (line,) = [record.getMessage() for record in caplog.records if record.name == "credit.alerts"]
    alert = orjson.loads(line)
    assert (alert["name"], alert["severity"], alert["job"]) == ("RunFailed", "critical", "training_job")
    assert alert["link"] == f"/runs/{result.run_id}"
    assert alert["summary"].startswith("training_job failed: ")
    assert "raw__bureau" in alert["summary"]
