"""Who of the refused was approved by lot: the record without which their outcomes prove nothing.

Here: writing it and reading it back. Keep out: the lot itself (`credit_risk.random_approvals`).
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from resources.database import Database

if TYPE_CHECKING:
    import pandas as pd


class RandomApprovals:
    """The table of refused decisions that a lot approved."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, prediction_ids: Sequence[UUID], *, share: float, author: str) -> int:
        """Write down whom the lot approved; who is on record already stays as recorded. Returns how many were new.

        Args:
            prediction_ids: of refused decisions.
            share: that was drawn of the refused, in (0, 1].
            author: who holds the lot.
        """
        query = """
            INSERT INTO credit.random_approvals (prediction_id, share, author)
            SELECT unnest(%s::uuid[]), %s, %s ON CONFLICT DO NOTHING
        """
        with self.database.connect() as connection:
            return connection.execute(query, [list(prediction_ids), share, author]).rowcount

    def shares(self, prediction_ids: Collection[UUID]) -> "pd.Series[float]":
        """The share by which each of these decisions was drawn, by its id; those that no lot approved are left out."""
        import pandas as pd

        query = "SELECT prediction_id, share FROM credit.random_approvals WHERE prediction_id = ANY(%s)"
        with self.database.connect() as connection:
            rows = connection.execute(query, [list(prediction_ids)]).fetchall()
        return pd.Series(dict(rows), dtype="float64", name="share")
