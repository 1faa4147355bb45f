"""The demo's story: train, serve, drift, alert, retrain, judge, go live; told as it happens.

Here: the order of the story and what it says. Every step is the platform's own: jobs launched
over GraphQL, applicants posted over HTTP, the rest done by sensors. Keep out: starting
processes (`demo`), and any shortcut past the platform.
"""

import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd

from cli import demo_history, demo_summary
from cli.console import console
from cli.dagster_client import CAUSE_TAG, DRIFT_JOB, TRAINING_JOB, DagsterClient
from cli.drift import report_table
from cli.story import announce
from cli.traffic import new_applicants, service_url, summary_line
from cli.waiting import served_version, wait_for, wait_for_platform
from credit_risk.errors import CreditError, UnavailableError
from resources.database import open_database
from resources.drift_reports import DriftReports, RetrainingCauses, StoredDriftReport
from resources.lake import Lake
from resources.registry import Registry, open_registry
from resources.settings import Settings, load_settings
from simulation.client import applications, post_applications
from simulation.traffic import SEED_BATCHES, seed_batch

# Eight batches of the size that `credit traffic` sends: enough for 30 features to speak clearly.
LIVE_BATCHES = 8
BATCH_SIZE = 50
SUDDEN = SEED_BATCHES[6:8]

# While the model is retrained a few applicants keep coming, so that a dropped answer would show.
TRICKLE_SIZE = 4
TRICKLE_EVERY_S = 3.0

# A level of a category that holds this share of applicants is rare enough to be a change when
# only they apply, and common enough to draw from.
SEGMENT_SHARE = (0.02, 0.5)


@dataclass
class Story:
    """The clients that the story uses, and what it has seen so far."""

    settings: Settings
    registry: Registry
    reports: DriftReports
    causes: RetrainingCauses
    dagster: DagsterClient
    rng: np.random.Generator
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0

    @classmethod
    def open(cls) -> "Story":
        """Connect to the running platform."""
        settings = load_settings()
        console.print("starting PostgreSQL, Dagster, MLflow and the scoring service ...")
        wait_for_platform(settings)
        database = open_database(settings)
        return cls(
            settings=settings,
            registry=open_registry(database, Lake(settings.lake_root)),
            reports=DriftReports(database),
            causes=RetrainingCauses(database),
            dagster=DagsterClient(settings),
            rng=np.random.default_rng(int(datetime.now(UTC).timestamp())),
        )

    def post(self, rows: pd.DataFrame) -> str:
        """Post applicants, remember errors, and say what came back."""
        answers = post_applications(service_url(self.settings), applications(rows))
        self.errors.update(answers.errors)
        self.answered += answers.n_answered
        return summary_line(answers)


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
        signal.pause()
    return 0


def tell(story: Story) -> None:
    """The whole loop, and its summary.

    Raises:
        CreditError: the loop did not close; says where.
    """
    first = train_first_model(story)
    last_week(story)
    today = live_traffic(story)
    alert = await_alert(story, today)
    run = await_retraining(story, alert)
    closed = judge_closing(story, first, run)
    demo_summary.print_summary(story.registry, story.reports, closed, today)
    if story.errors:
        raise UnavailableError(
            f"{sum(story.errors.values())} failed requests ({dict(story.errors)})",
            expected="an answer to each",
            remedy="read service.log in CREDIT_HOME/logs",
        )
    console.print(f"[bold green]the loop closed[/]: {story.answered} applicants answered, none dropped")


def heading(text: str) -> None:
    """A line that begins a chapter."""
    console.print(f"\n[bold]{datetime.now(UTC):%H:%M:%S}  {text}[/]")


def say(text: str) -> None:
    """A line of the story."""
    console.print(f"  {text}")


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


def last_week(story: Story) -> None:
    """Import a week of decisions and recompute its drift as one partition range."""
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=7), today - timedelta(days=1)
    heading(f"last week: decisions of an older system from {first} to {last}, clean days, then gradual drift")
    summary = demo_history.import_week(story.settings, story.registry, first)
    say(f"imported {summary.new_decisions} new decisions of {summary.rows} as import:{demo_history.NAME}")
    follow(story, story.dagster.launch_range(DRIFT_JOB, first, last), DRIFT_JOB)
    console.print(report_table(story.reports.between(first, last)))


def live_traffic(story: Story) -> date:
    """Post today's applicants: the sudden batches. Returns the day."""
    heading("today: applicants arrive over HTTP, suddenly different from those in training")
    population = fresh_segment(story, new_applicants(story.settings))
    today = datetime.now(UTC).date()
    for number in range(LIVE_BATCHES):
        batch = SUDDEN[number % len(SUDDEN)]
        rows = seed_batch(population, batch.number, BATCH_SIZE, story.rng)
        say(f"batch {number + 1} of {LIVE_BATCHES} ({batch.kind} {batch.intensity:g}): {story.post(rows)}")
    return today


def fresh_segment(story: Story, population: pd.DataFrame) -> pd.DataFrame:
    """All applicants; on a day whose alert was answered already, one segment, which is a new cause.

    Raises:
        UnavailableError: every monitored feature has drifted today and was answered.
    """
    answered = story.causes.answered(datetime.now(UTC).date()).get(datetime.now(UTC).date(), frozenset())
    live = story.registry.production_version()
    if not answered or live is None:
        return population
    for feature in story.registry.manifest(live).monitored_features:
        if feature in answered or pd.api.types.is_numeric_dtype(population[feature]):
            continue
        shares = population[feature].value_counts(normalize=True)
        levels = shares[shares.between(*SEGMENT_SHARE)]
        if not levels.empty:
            level = levels.index[0]
            say(f"today's alert was answered before; now only {feature} = {level} applies, which is a new cause")
            segment: pd.DataFrame = population[population[feature] == level]
            return segment.reset_index(drop=True)
    raise UnavailableError(
        f"today's {len(answered)} drifted features answered by earlier retrainings, and none left to move",
        expected="a monitored feature that has not drifted today",
        remedy="run the demo tomorrow, or `make clean` and begin anew",
    )


def await_alert(story: Story, today: date) -> StoredDriftReport:
    """Wait until a sensor has recomputed today's report, and it alerts on the new applicants."""
    heading("sensors: the day's volume recomputes its drift report")
    started = datetime.now(UTC) - timedelta(seconds=LIVE_BATCHES * 5)

    def look() -> StoredDriftReport | None:
        for report in story.reports.between(today, today):
            if report.status == "alert" and report.created_at > started:
                return report
        return None

    report = wait_for("drift alert of today", look, timeout=120)
    say(
        f"[bold red]alert[/]: {report.n_features_drifted} of {report.n_features_analyzed} monitored features "
        f"drifted in {report.n_predictions} predictions"
    )
    return report


def await_retraining(story: Story, alert: StoredDriftReport) -> dict[str, Any]:
    """Follow the retraining that the sensor asked for, while applicants keep coming."""
    heading("drift_retraining_sensor asks for a retraining")
    since = alert.created_at.timestamp() - 5

    def look() -> dict[str, Any] | None:
        runs = story.dagster.runs(pipelineName=TRAINING_JOB, createdAfter=since)
        return next((run for run in reversed(runs) if CAUSE_TAG in run["tags"]), None)

    run = wait_for("retraining", look, timeout=120)
    say(f"run {run['runId']}: {run['tags'][CAUSE_TAG]}")
    with Trickle(story):
        follow(story, run["runId"], "the retraining")
        live = story.registry.production_version()
        if live is not None:
            await_served(story, live)
    return run


class Trickle:
    """Applicants that keep coming in the background; what fails is remembered in the story."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._ended = threading.Event()
        self._failure: CreditError | None = None
        self._thread = threading.Thread(target=self._post, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _post(self) -> None:
        population = new_applicants(self._story.settings)
        while not self._ended.wait(TRICKLE_EVERY_S):
            try:
                self._story.post(seed_batch(population, SUDDEN[0].number, TRICKLE_SIZE, self._story.rng))
            except CreditError as error:
                # Raised where the story is told: an exception would end only this thread.
                self._failure = error
                return


def judge_closing(story: Story, before: str, run: dict[str, Any]) -> demo_summary.Closing:
    """Check that the loop closed: a newer version, because of the alert, judged, and the service agrees.

    Raises:
        UnavailableError: says which of these is not so.
    """
    heading("judged by the promotion policy")
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
    return demo_summary.Closing(versions=versions, run=run, production=str(production), served=str(served))


if __name__ == "__main__":
    sys.exit(main())
