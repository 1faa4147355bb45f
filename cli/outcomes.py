"""`credit traffic outcomes`: what became of stored decisions, made up and delivered to the scoring service."""

import getpass
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime

import pandas as pd

from cli.console import console
from cli.traffic import service_url
from credit_risk.errors import PortfolioError
from resources.database import open_database
from resources.decision_archive import DecisionArchive
from resources.lake import Lake
from resources.prediction_log import PredictionLog
from resources.random_approvals import RandomApprovals
from resources.settings import Settings, load_settings
from simulation.known_truth import Read, known_probability
from simulation.outcome_delivery import Delivered, deliver
from simulation.outcomes import DrawnOutcomes, World, draw_outcomes


def deliver_outcomes(first: date, last: date, world: World, *, key: str | None = None) -> None:
    """Deliver what is known by now of the decisions of a range of days; delivering again changes nothing.

    Raises:
        PortfolioError: no raw tables yet.
        UnavailableError: the service does not answer.
    """
    settings = load_settings()
    database = open_database(settings)
    log = PredictionLog(database, DecisionArchive(database, Lake(settings.lake_root)))
    decisions = log.decisions_frame(first, last)
    # Erased decisions have no client any more.
    clients = decisions["sk_id_curr"].dropna().astype("int64").unique().tolist()
    probability = known_probability(raw_rows(settings), clients)
    drawn = draw_outcomes(decisions, probability, world, now=datetime.now(UTC))
    # Before their outcomes: an outcome of a refused applicant that no lot explains is in no figure.
    lot = RandomApprovals(database).record(drawn.by_lot, share=world.random_share, author=getpass.getuser())
    delivered = deliver(service_url(settings), drawn.known, key=key)
    console.print(summary_line(len(decisions), drawn, delivered, lot))


def raw_rows(settings: Settings) -> Read:
    """Rows of the raw tables in the lake."""
    lake = Lake(settings.lake_root)

    def read(table: str, columns: Sequence[str], key: str, values: Collection[int]) -> pd.DataFrame:
        import pyarrow.parquet as pq

        name = f"raw/{table}.parquet"
        if not lake.exists(name):
            raise PortfolioError(
                f"no raw table {table} in the lake",
                expected="the eight raw tables, which say how clients repay",
                remedy="run training_job, or materialize the group raw",
            )
        with lake.opened(name) as file:
            rows = pq.read_table(file, columns=list(columns), filters=[(key, "in", list(values))], partitioning=None)
        frame: pd.DataFrame = rows.to_pandas()
        return frame

    return read


def summary_line(n_decisions: int, drawn: DrawnOutcomes, delivered: Delivered, lot: int) -> str:
    """What was delivered, in one line."""
    line = (
        f"{n_decisions} decisions: {len(drawn.known)} outcomes known by now ({int(drawn.known['target'].sum())} "
        f"defaults), {drawn.waiting} not yet; delivered: {delivered.recorded} new, {delivered.corrected} corrected, "
        f"{delivered.repeated} on record already"
    )
    if drawn.by_lot:
        line += f"; {len(drawn.by_lot)} refused approved by lot, {lot} of them now"
    if delivered.unknown:
        line += f"; {len(delivered.unknown)} of decisions that the service does not know: deliver again later"
    if drawn.without_truth:
        line += f"; {drawn.without_truth} of clients who are in no application file: no outcome"
    return line
