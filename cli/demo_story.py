"""The demo's story: train, serve, drift, alert, retrain, judge, learn the outcomes, keep the log; told as it happens.

Here: the order of the story and what it says. Every step is the platform's own: jobs launched
over GraphQL, applicants posted over HTTP, the rest done by sensors. Keep out: starting
processes (`demo`), and any shortcut past the platform.
"""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cli import demo_history, demo_summary
from cli.console import console
from cli.dagster_client import CAUSE_TAG, DRIFT_JOB, TRAINING_JOB
from cli.demo_logs import keep_shipping, tell_logs
from cli.demo_outcomes import tell_known_outcomes, tell_outcomes
from cli.demo_stage import Story, heading, say
from cli.demo_traffic import Trickle, live_traffic
from cli.drift import report_table
from cli.story import announce
from cli.waiting import served_version, wait_for
from credit_risk.errors import CreditError, UnavailableError
from resources.drift_reports import StoredDriftReport

# A sensor looks every 10 s and a run takes as many; on a machine that has other work both take ten times as long.
PATIENCE_S = 300


def main() -> int:
    """Tell the story. Returns 0 only when the loop closed."""
    once = "--once" in sys.argv[1:]
    try:
        story = Story.open()
        announce(story.settings)
        tell(story)
    except CreditError as error:
        console.print(f"[bold red]the loop did not close[/]: {error}")
        return 1
    if not once:
        console.print("everything stays up until Ctrl-C")
        keep_shipping(story)
    return 0


def tell(story: Story) -> None:
    """The whole loop, and its summary.

    Raises:
        CreditError: the loop did not close; says where.
    """
    first = train_first_model(story)
    today = datetime.now(UTC).date()
    tell_known_outcomes(story, today)
    last_week(story, today)
    await_earlier_answer(story, today)
    since = live_traffic(story)
    await_alert(story, since)
    run = await_retraining(story, since)
    closed = judge_closing(story, first, run)
    performance = tell_outcomes(story, since.date())
    tell_logs(story)
    demo_summary.print_summary(story, closed, performance, since.date())
    if story.errors:
        raise UnavailableError(
            f"{sum(story.errors.values())} failed requests ({dict(story.errors)})",
            expected="an answer to each",
            remedy="read service.log in CREDIT_HOME/logs",
        )
    console.print(f"[bold green]the loop closed[/]: {story.answered} applicants answered, none dropped")


def train_first_model(story: Story) -> str:
    """Train through Dagster unless a model is live; wait until the service answers with it."""
    live = story.registry.production_version()
    if live is None:
        heading("training: eight CSV files to a live model (training_job)")
        follow(story, story.dagster.launch(TRAINING_JOB), TRAINING_JOB)
        live = story.registry.production_version()
        if live is None:
            raise UnavailableError(
                "no model in production", expected="the first model promoted", remedy="read the run in Dagster"
            )
    metrics = story.registry.manifest(live).metrics
    heading(f"model {live} is live: AUC {metrics['auc']:.4f}, cost {metrics['business_cost']:.4f}")
    await_served(story, live)
    return live


def follow(story: Story, run_id: str, name: str) -> None:
    """Say each step of a run as it ends.

    Raises:
        UnavailableError: the run did not succeed.
    """

    def tell_step(asset: str, status: str, seconds: float) -> None:
        mark = "[green]done[/]" if status == "SUCCESS" else f"[red]{status.lower()}[/]"
        say(f"{mark} {asset} [dim]{seconds:.1f} s[/]")

    status = story.dagster.wait(run_id, tell_step)
    if status != "SUCCESS":
        raise UnavailableError(
            f"{name} that ended as {status}",
            expected="SUCCESS",
            remedy=f"read http://127.0.0.1:{story.settings.dagster_port}/runs/{run_id}",
        )


def await_served(story: Story, version: str) -> None:
    """Wait until the service answers with a version."""
    wait_for(
        f"service with model {version}",
        lambda: True if served_version(story.settings) == version else None,
        timeout=60,
    )
    say(f"the service answers with model {version}")


def last_week(story: Story, today: date) -> None:
    """Import a week of decisions and recompute its drift as one partition range."""
    first, last = today - timedelta(days=7), today - timedelta(days=1)
    heading(f"last week: decisions of an older system from {first} to {last}, clean days, then gradual drift")
    summary = demo_history.import_week(story, first)
    say(f"imported {summary.new_decisions} new decisions of {summary.rows} as import:{demo_history.NAME}")
    follow(story, story.dagster.launch_range(DRIFT_JOB, first, last), DRIFT_JOB)
    console.print(report_table(story.reports.between(first, last)))


def await_earlier_answer(story: Story, today: date) -> None:
    """Wait for the retraining of an alert that a demo left behind: before it, today's applicants would be no new cause.

    Raises:
        UnavailableError: it does not come.
    """
    alerted = any(report.status == "alert" for report in story.reports.between(today, today))

    def answered() -> bool | None:
        return True if today in story.causes.answered(today) else None

    if alerted and answered() is None:
        heading("today's alert of an earlier demo waits for its retraining")
        wait_for("retraining that answers it", answered, timeout=PATIENCE_S)


def await_alert(story: Story, since: datetime) -> None:
    """Wait until a sensor has recomputed the day's report, and it alerts on the new applicants."""
    heading("sensors: the day's volume recomputes its drift report")
    today = since.date()

    def look() -> StoredDriftReport | None:
        for report in story.reports.between(today, today):
            if report.status == "alert" and report.created_at > since:
                return report
        return None

    report = wait_for("drift alert of today", look, timeout=PATIENCE_S)
    say(
        f"[bold red]alert[/]: {report.n_features_drifted} of {report.n_features_analyzed} monitored features "
        f"drifted in {report.n_predictions} predictions"
    )


def await_retraining(story: Story, since: datetime) -> dict[str, Any]:
    """Follow the retraining that the sensor asked for, while applicants keep coming."""
    heading("drift_retraining_sensor asks for a retraining")

    def look() -> dict[str, Any] | None:
        runs = story.dagster.runs(pipelineName=TRAINING_JOB, createdAfter=since.timestamp())
        # Yesterday's alert may come first: the story is about today's.
        return next((run for run in reversed(runs) if since.date().isoformat() in run["tags"].get(CAUSE_TAG, "")), None)

    run = wait_for("retraining", look, timeout=PATIENCE_S)
    say(f"run {run['runId']}: {run['tags'][CAUSE_TAG]}")
    with Trickle(story):
        follow(story, run["runId"], "the retraining")
        live = story.registry.production_version()
        if live is not None:
            await_served(story, live)
    return run


def judge_closing(story: Story, before: str, run: dict[str, Any]) -> demo_summary.Closing:
    """Check that the loop closed: a newer version, because of the alert, judged, and the service agrees.

    Raises:
        UnavailableError: says which of these is not so.
    """
    heading("judged by the gate")
    versions = story.registry.versions()
    new = next((v for v in versions if v["tags"].get("dagster_run_id") == run["runId"]), None)
    production, served = story.registry.production_version(), served_version(story.settings)
    if new is None or int(new["version"]) <= int(before) or "verdict" not in new["tags"] or production != served:
        raise UnavailableError(
            f"new version {new}, production {production}, served {served}",
            expected="a judged version newer than the first, and the service on what is in production",
            remedy="read the retraining in the Dagster UI",
        )
    say(f"model {new['version']} {new['tags']['verdict']}: {new['tags']['reason']}")
    say(f"production is model {production}, and the service answers with model {served}")
    return demo_summary.Closing(
        versions=versions, run=run, judged=new["version"], production=str(production), served=str(served)
    )


if __name__ == "__main__":
    sys.exit(main())
