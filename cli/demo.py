"""`credit demo`: the closed loop on real services, told as it happens (`demo_story` tells it)."""

import sys
from datetime import UTC, datetime

from cli.console import console
from cli.data_synthesize import data_synthesize
from cli.processes import Process
from cli.supervisor import run_platform
from credit_risk.errors import SettingsError
from credit_risk.tables.catalogue import TABLES
from resources import schema
from resources.database import open_database
from resources.drift_reports import DriftReports
from resources.retraining_causes import RetrainingCauses
from resources.settings import Settings, load_settings, prepare_home

SEED = 0

# The sudden batches move every number, so one run answers all numbers for its day. A later run
# of the day needs a category that has not drifted yet, and the thirty most important features
# hold few.
WATCH_ALL = {"CREDIT_DRIFT_FEATURES": "all"}

# So that a later run, minutes after the last retraining, closes on a new cause.
NO_LIMITS = {"CREDIT_RETRAIN_COOLDOWN_HOURS": "0", "CREDIT_RETRAIN_MAX_PER_WEEK": "0"}


def demo(*, clients: int, once: bool) -> int:
    """Run the platform and its story. Returns the exit code: 0 only when the loop closed."""
    settings = load_settings()
    prepare_home(settings)
    ensure_portfolio(settings, clients)
    story = Process(
        "story",
        [sys.executable, "-m", "cli.demo_story", *(["--once"] if once else [])],
        environment={"FORCE_COLOR": "1", "COLUMNS": str(console.width)} if console.is_terminal else {},
        speaks=True,
    )
    watched = WATCH_ALL if alerted_today(settings) else {}
    return run_platform(settings, story=story, environment={**NO_LIMITS, **watched})


def alerted_today(settings: Settings) -> bool:
    """Whether a run before this one alerted today: a retraining has answered, or will."""
    database = open_database(settings)
    today = datetime.now(UTC).date()
    schema.upgrade(database, today)
    alerted = any(report.status == "alert" for report in DriftReports(database).between(today, today))
    return alerted or today in RetrainingCauses(database).answered(today)


def ensure_portfolio(settings: Settings, clients: int) -> None:
    """Use the CSV files that are there; make a portfolio up only in an empty folder.

    Raises:
        SettingsError: some of the eight files are there and some are not.
    """
    files = [table.file_name for table in TABLES.values()]
    present = [file for file in files if (settings.raw_dir / file).exists()]
    if not present:
        console.print(f"no CSV files in {settings.raw_dir}: making up a portfolio of {clients:,} clients")
        data_synthesize(clients, SEED, settings.raw_dir, overwrite=False)
    elif len(present) < len(files):
        raise SettingsError(
            f"{len(present)} of {len(files)} CSV files in {settings.raw_dir}; "
            f"absent: {', '.join(sorted(set(files) - set(present)))}",
            expected="all of them, or none",
            remedy="add the others, or move these away to let the demo make up a portfolio",
        )
    else:
        size = (settings.raw_dir / "application_train.csv").stat().st_size / 2**20
        console.print(f"using the CSV files in {settings.raw_dir} (application_train: {size:.0f} MB)")
