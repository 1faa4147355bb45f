"""The demo's last page: versions, days, the gate's table, what the decisions came to, and what triggered what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rich.table import Table

from cli.console import console
from cli.dagster_client import CAUSE_TAG
from cli.demo_stage import Story
from cli.drift import report_table
from cli.model_gate import comparison_table
from cli.performance import performance_table, print_notes
from resources.lake import Lake
from resources.model_comparisons import ModelComparisons
from resources.performance_reports import StoredPerformanceReport
from resources.registry import Registry


@dataclass(frozen=True)
class Closing:
    """How the loop closed."""

    versions: list[dict[str, Any]]
    run: dict[str, Any]
    judged: str
    production: str
    served: str


def print_summary(story: Story, closing: Closing, performance: Sequence[StoredPerformanceReport], today: date) -> None:
    """Print it."""
    registry = story.registry
    console.print()
    console.print(models_table(registry, closing))
    console.print(report_table(story.reports.between(today - timedelta(days=7), today)))
    console.print(comparison_table(ModelComparisons(Lake(story.settings.lake_root)).get(closing.judged)))
    console.print(performance_table(performance))
    print_notes(performance)
    console.print(f"[bold]what triggered what[/]: {closing.run['tags'][CAUSE_TAG]}")
    console.print(f"  -> run {closing.run['runId']} by {closing.run['tags'].get('dagster/sensor_name', '?')}")
    for stay in registry.live_models.history():
        until = f"{stay.live_to:%H:%M:%S}" if stay.live_to else "now"
        console.print(f"  model {stay.model_version} live {stay.live_from:%Y-%m-%d %H:%M:%S} to {until}: {stay.cause}")


def models_table(registry: Registry, closing: Closing) -> Table:
    """All versions with their out-of-fold figures and verdicts."""
    table = Table(title="Model versions")
    for column in ("version", "AUC", "cost", "threshold", "verdict", "cause"):
        table.add_column(column, justify="left" if column in {"verdict", "cause"} else "right")
    for version in closing.versions:
        manifest = registry.manifest(version["version"])
        metrics = manifest.metrics
        table.add_row(
            version["version"] + (" [green]live[/]" if version["version"] == closing.production else ""),
            f"{metrics['auc']:.4f} [{metrics['auc_low']:.3f}, {metrics['auc_high']:.3f}]".replace("[", "\\["),
            f"{metrics['business_cost']:.4f}",
            f"{manifest.threshold:.4f}",
            version["tags"].get("verdict", "not judged"),
            manifest.cause,
        )
    return table
