"""The demo's outcomes: what became of today's applicants, and what their decisions came to.

Here: the chapter after the new model is judged. Time cannot be hurried, so the outcomes of today are told today. Keep
out: how outcomes come about (`simulation.outcomes`), and the figures (the asset `performance_report`).
"""

from datetime import date

from cli.demo_stage import Story, heading, say
from cli.outcomes import deliver_outcomes
from cli.waiting import wait_for
from resources.performance_reports import PerformanceReports, StoredPerformanceReport
from simulation.outcomes import World

# Real outcomes take months. A few of the refused are approved by lot, so that figures over all applicants exist.
WORLD = World(maturity_days=0, random_share=0.05)


def tell_outcomes(story: Story, today: date) -> list[StoredPerformanceReport]:
    """Deliver the outcomes of today's decisions, and wait for the report that a sensor asks for.

    Raises:
        UnavailableError: no report holds them in time.
    """
    heading("outcomes: some of today's applicants default (told at once, where life takes months)")
    deliver_outcomes(today, today, WORLD)
    reports = PerformanceReports(story.reports.database)

    def look() -> list[StoredPerformanceReport] | None:
        rows = reports.between(today, today)
        return rows if any(row["n_outcomes"] for row in rows) else None

    rows = wait_for("performance report of today", look, timeout=180)
    n_outcomes, n_decided = (sum(row[name] for row in rows) for name in ("n_outcomes", "n_decided"))
    say(f"outcome_volume_sensor had the day reported: {n_outcomes} outcomes of {n_decided} decisions")
    return rows
