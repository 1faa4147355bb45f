"""`credit history import`: decisions of an older system."""

from pathlib import Path

from cli.console import console
from resources.database import open_database
from resources.history import import_history
from resources.schema import require_schema
from resources.settings import load_settings


def import_file(file: Path, name: str) -> None:
    """Import the file and say what was new."""
    database = open_database(load_settings())
    require_schema(database)
    summary = import_history(database, file, name)
    console.print(
        f"{summary.rows} decisions from {summary.first_day} to {summary.last_day}: {summary.new_decisions} new, "
        f"{summary.new_outcomes} outcomes new; model version import:{name} (cannot be replayed)"
    )
    console.print(
        f"drift of these days: [bold]credit drift backfill --from {summary.first_day} --to {summary.last_day}[/]"
    )
