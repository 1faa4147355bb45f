"""The demo's stage: the clients that every chapter of the story uses, and how it speaks.

Keep out: what happens in which order (`demo_story`).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from cli.console import console
from cli.dagster_client import DagsterClient
from cli.demo_key import key_of_demo
from cli.traffic import service_url, summary_line
from cli.waiting import wait_for_platform
from resources.database import open_database
from resources.drift_reports import DriftReports
from resources.lake import Lake
from resources.registry import Registry, open_registry
from resources.retraining_causes import RetrainingCauses
from resources.settings import Settings, load_settings
from simulation.client import applications, post_applications


@dataclass
class Story:
    """The clients that the story uses, and what it has seen so far."""

    settings: Settings
    registry: Registry
    reports: DriftReports
    causes: RetrainingCauses
    dagster: DagsterClient
    rng: np.random.Generator
    key: str | None = None
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0

    @classmethod
    def open(cls) -> "Story":
        """Connect to the running platform."""
        settings = load_settings()
        console.print("starting PostgreSQL, Dagster, MLflow, the scoring service and the dashboard ...")
        wait_for_platform(settings)
        database = open_database(settings)
        return cls(
            settings=settings,
            registry=open_registry(database, Lake(settings.lake_root)),
            reports=DriftReports(database),
            causes=RetrainingCauses(database),
            dagster=DagsterClient(settings),
            rng=np.random.default_rng(int(datetime.now(UTC).timestamp())),
            key=key_of_demo(settings, database),
        )

    def post(self, rows: pd.DataFrame) -> str:
        """Post applicants, remember errors, and say what came back."""
        answers = post_applications(service_url(self.settings), applications(rows), key=self.key)
        self.errors.update(answers.errors)
        self.answered += answers.n_answered
        return summary_line(answers)


def heading(text: str) -> None:
    """A line that begins a chapter."""
    console.print(f"\n[bold]{datetime.now(UTC):%H:%M:%S}  {text}[/]")


def say(text: str) -> None:
    """A line of the story."""
    console.print(f"  {text}")
