"""`credit drift` and `credit performance`: what they take, and their help.

Here: declarations; each command imports what it runs. Keep out: what they do (`cli.drift`, `cli.performance`).
"""

from datetime import datetime
from typing import Annotated

import typer

drift = typer.Typer(help="Daily drift reports.", no_args_is_help=True)
performance = typer.Typer(help="Daily performance reports, by day of decision.", no_args_is_help=True)

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DAY", help="day, UTC: YYYY-MM-DD")]
FirstDay = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="first day, UTC: YYYY-MM-DD")
]
LastDay = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="last day, included")]


@drift.command("backfill")
def drift_backfill(
    first: FirstDay,
    last: LastDay,
) -> None:
    """Recompute the drift reports of a range of days in one run, follow it, and show a line a day.

    Needs the running platform (`credit up`). Exit code 1 when a day failed; the others stand.
    """
    from cli.drift import backfill

    backfill(first.date(), last.date())


@performance.command("show")
def performance_show(
    first: FirstDay,
    last: LastDay,
) -> None:
    """Show what decisions came to: realised, estimated and out-of-fold figures by day of decision and model."""
    from cli.performance import show

    show(first.date(), last.date())


@performance.command("backfill")
def performance_backfill(
    first: FirstDay,
    last: LastDay,
) -> None:
    """Recompute the performance reports of a range of days in one run of the running platform, and show them.

    The days are those of the decisions. Needs the running platform (`credit up`).
    """
    from cli.performance import backfill

    backfill(first.date(), last.date())


@drift.command("show")
def drift_show(
    day: Day,
) -> None:
    """Show the drift report of a day: status, both rules, the score, and every monitored feature."""
    from cli.drift import show

    show(day.date())


@drift.command("page")
def drift_page(
    day: Day,
) -> None:
    """Make the pages (HTML) of a day from its stored decisions, ours and Evidently's, and say where they are."""
    from cli.drift import page

    page(day.date())
