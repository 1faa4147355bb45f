"""Questions about the portfolio: whom the service knows by key."""

from dashboard.queries.ask import frame
from resources.database import Connection

_BOUNDS = "SELECT min(sk_id_curr) AS first, max(sk_id_curr) AS last FROM credit.online_features"
_NEXT = "SELECT sk_id_curr FROM credit.online_features WHERE sk_id_curr >= %s ORDER BY sk_id_curr LIMIT 1"


def bounds(connection: Connection) -> tuple[int, int] | None:
    """The smallest and the largest key, or None before the first load."""
    first, last = frame(connection, _BOUNDS).iloc[0]
    return None if first is None else (int(first), int(last))


def at_or_after(connection: Connection, key: int) -> int | None:
    """The next client from a key on, or None behind the last."""
    row = connection.execute(_NEXT, [key]).fetchone()
    return None if row is None else int(row[0])
