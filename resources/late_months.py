"""Months of decisions that are made because a decision needs one.

Here: what a service may ask for when a decision from its journal finds no partition: its month was dropped by
retention in the meantime, or nobody has made it yet. The late decision then joins its day, is archived with it, and
the month leaves PostgreSQL again. Keep out: partitions that are kept ahead (`schema`), dropping them (`retention`).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from resources.database import Connection

# A trigger makes the partition, with rights that the service does not have; see migration 0010.
_ASK = "INSERT INTO credit.late_months (month) SELECT unnest(%s::date[]) RETURNING month"


def make_late_months(connection: Connection, moments: Iterable[datetime]) -> list[date]:
    """Make the months of some decisions as partitions, where there are none. The caller commits.

    Returns:
        The months that were made. Never one of the future or before 2020: a clock that is wrong makes none.
    """
    months = sorted({moment.astimezone(UTC).date().replace(day=1) for moment in moments})
    return [month for (month,) in connection.execute(_ASK, [months]).fetchall()]
