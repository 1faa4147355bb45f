"""What `credit up` says: when the platform is ready, and where."""

import signal

from cli.console import console
from cli.processes import pages
from cli.waiting import wait_for_platform
from resources.settings import Settings, load_settings


def announce(settings: Settings) -> None:
    """Print the addresses."""
    for page in pages(settings):
        console.print(f"  {page.name:<9} {page.url}")
    console.print(f"  logs      {settings.home / 'logs'}")


def main() -> None:
    """Wait for the platform, say where it is, and stay until stopped."""
    settings = load_settings()
    console.print("starting PostgreSQL, Dagster, MLflow, the scoring service and the dashboard ...")
    wait_for_platform(settings)
    console.print("[bold green]ready[/], until Ctrl-C")
    announce(settings)
    if not any(settings.raw_dir.glob("*.csv")):
        console.print(
            f"no CSV files in {settings.raw_dir}: put the Kaggle files there, or run `credit data synthesize`; "
            "then materialize training_job in Dagster"
        )
    signal.pause()


if __name__ == "__main__":
    main()
