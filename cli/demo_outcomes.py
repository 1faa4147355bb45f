"""The demo's outcomes: what became of applicants, and what their decisions came to.

Here: the chapter of weeks ago, before the retraining, and the one after the judgement. Time cannot be hurried,
so the outcomes of today are told today. Keep out: how outcomes come about (`simulation.outcomes`), and the figures (the
asset `performance_report`).
"""

from datetime import date

from cli.demo_history import NAME, import_known_days
from cli.demo_stage import Story, heading, say
from cli.outcomes import deliver_outcomes
from cli.waiting import wait_for
from resources.performance_reports import PerformanceReports, StoredPerformanceReport
from simulation.outcomes import World

# Real outcomes take months. A few of the refused are approved by lot, so that figures over all applicants exist.
WORLD = World(maturity_days=0, random_share=0.05)
# Of weeks ago: those known by now, of the approved alone, as the loan system reports them.
PAST = World(maturity_days=30)

# The sensor looks every 30 s, and the report of weeks ago may be before it.
PATIENCE_S = 300


def tell_known_outcomes(story: Story, today: date) -> None:
    """Import decisions of weeks ago and deliver their outcomes: labels for a training, evidence for the gate."""
    summary = import_known_days(story, today)
    heading(f"weeks ago: applicants outside of application_train, from {summary.first_day} to {summary.last_day}, "
            "and what became of the approved")  # fmt: skip
    say(f"imported {summary.new_decisions} new decisions of {summary.rows} as import:{NAME}")
    deliver_outcomes(summary.first_day, summary.last_day, PAST, key=story.key)


def tell_outcomes(story: Story, today: date) -> list[StoredPerformanceReport]:
    """Deliver the outcomes of today's decisions, and wait for the report that a sensor asks for.

    Raises:
        UnavailableError: no report holds them in time.
    """
    heading("outcomes: some of today's applicants default (told at once, where life takes months)")
    deliver_outcomes(today, today, WORLD, key=story.key)
    reports = PerformanceReports(story.reports.database)

    def look() -> list[StoredPerformanceReport] | None:
        rows = reports.between(today, today)
        return rows if any(row["n_outcomes"] for row in rows) else None

    rows = wait_for("performance report of today", look, timeout=PATIENCE_S)
    n_outcomes, n_decided = (sum(row[name] for row in rows) for name in ("n_outcomes", "n_decided"))
    say(f"outcome_volume_sensor had the day reported: {n_outcomes} outcomes of {n_decided} decisions")
    return rows
