"""Which model was live when, with cause and author. Append-only: the table refuses anything else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from resources.database import Database

_COLUMNS = "model_version, live_from, live_to, cause, author"


@dataclass(frozen=True)
class LiveModel:
    """One stay of a model in production; `live_to` is None while it lasts."""

    model_version: str
    live_from: datetime
    live_to: datetime | None
    cause: str
    author: str


class LiveModels:
    """The history of the live model."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Hold other promotions back for the block: table and registry must name the same last one."""
        with self.database.connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('credit.promotion'))")
            yield

    def append(self, model_version: str, *, cause: str, author: str) -> None:
        """Write down that a model goes live now. The model that is live already is not written twice."""
        with self.database.connect() as connection:
            # Two promotions at once must see each other's row.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('credit.live_model_log'))")
            newest = connection.execute(
                "SELECT model_version FROM credit.live_model_log ORDER BY live_from DESC, entry_id DESC LIMIT 1"
            ).fetchone()
            if newest and newest[0] == model_version:
                return
            connection.execute(
                # Not before the row it follows: the transaction's own clock stood still while it
                # waited, and the machine's may have been set back.
                "INSERT INTO credit.live_model_log (model_version, live_from, cause, author)"
                " SELECT %s, greatest(clock_timestamp(), max(live_from)), %s, %s FROM credit.live_model_log",
                [model_version, cause, author],
            )

    def history(self) -> list[LiveModel]:
        """All stays, oldest first."""
        query = f"SELECT {_COLUMNS} FROM credit.live_models ORDER BY live_from, live_to NULLS LAST"  # noqa: S608
        with self.database.connect() as connection:
            return [LiveModel(*row) for row in connection.execute(query).fetchall()]

    def current(self) -> LiveModel | None:
        """The stay that lasts, or None before the first promotion."""
        history = self.history()
        return history[-1] if history else None

    def at(self, moment: datetime) -> LiveModel | None:
        """Who was live at a moment.

        Days before the first promotion (imported decisions of an older system) are compared
        with the first model: its reference is the oldest that there is.
        """
        history = self.history()
        before = [stay for stay in history if stay.live_from <= moment]
        if before:
            return before[-1]
        return history[0] if history else None


def version_before(history: Sequence[LiveModel]) -> str | None:
    """The version that a rollback goes back to, or None.

    Going back to a version takes back every one that came after it: after 1, 2, 3 and a
    rollback to 2 the next one leads to 1, not to 3, which somebody has just fled from.

    Args:
        history: all stays, oldest first.
    """
    standing: list[str] = []
    for stay in history:
        if stay.model_version in standing:
            del standing[standing.index(stay.model_version) :]
        standing.append(stay.model_version)
    return standing[-2] if len(standing) > 1 else None
