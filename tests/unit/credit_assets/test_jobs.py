"""Runs that people, schedules and sensors ask for by name."""

from credit_assets.jobs import jobs, training_job
from definitions import defs


def test_a_killed_run_is_run_again_but_for_a_training_which_is_the_policys():
    retried = {job.name for job in jobs if defs.resolve_job_def(job.name).tags.get("dagster/max_retries") == "2"}
    assert retried == {job.name for job in jobs} - {training_job.name}
