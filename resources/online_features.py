"""The features of all clients in PostgreSQL, as the service reads them: one client by key.

Here: the two reads of `credit.online_features`, and what they give. Add a read when a route needs one. Keep out:
how the rows get there (`online_features_load`), and which features a model takes.
"""

from dataclasses import dataclass

from resources.database import Connection

RELATION = "online_features"

_CLIENT = "SELECT feature_version, numbers, texts FROM credit.online_features WHERE sk_id_curr = %s"
# Every row names the same: of an empty view nothing is known, because nothing was ever loaded.
_LAYOUT = "SELECT feature_version, code_version, number_names, text_names FROM credit.online_features LIMIT 1"
_VERSION = "SELECT feature_version FROM credit.online_features LIMIT 1"


@dataclass(frozen=True, slots=True)
class OnlineClient:
    """What is stored of one client, in the order of the layout of its version; missing is None.

    Attributes:
        feature_version: the version of `client_features` that it is a row of.
        numbers: values of the layout's numbers.
        texts: values of the layout's texts.
    """

    feature_version: str
    numbers: list[float | None]
    texts: list[str | None]


@dataclass(frozen=True, slots=True)
class OnlineLayout:
    """What the arrays of a version hold.

    Attributes:
        feature_version: the version of `client_features`.
        code_version: of the feature definitions that computed it.
        numbers: names of the numeric features, in order.
        texts: names of the categories, in order.
    """

    feature_version: str
    code_version: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All features."""
        return (*self.numbers, *self.texts)


def read_client(connection: Connection, sk_id_curr: int) -> OnlineClient | None:
    """What is stored of a client, or None for a client that the portfolio does not hold."""
    # Binary: the bits of a number travel, and nobody prints and parses 600 of them.
    row = connection.execute(_CLIENT, (sk_id_curr,), binary=True).fetchone()
    return None if row is None else OnlineClient(*row)


def read_version(connection: Connection) -> str | None:
    """The version that is loaded now, or None before the first load."""
    row = connection.execute(_VERSION).fetchone()
    return None if row is None else str(row[0])


def read_layout(connection: Connection) -> OnlineLayout | None:
    """The layout of the version that is loaded now, or None before the first load."""
    row = connection.execute(_LAYOUT).fetchone()
    return None if row is None else OnlineLayout(row[0], row[1], tuple(row[2]), tuple(row[3]))
