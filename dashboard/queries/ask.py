"""How a question is asked: by the reading role, read-only, for a few seconds at most, times in UTC."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import psycopg

from credit_risk.errors import UnavailableError
from resources.database import Connection, Database

# The service writes decisions meanwhile: a question that takes longer is one for a report.
PATIENCE_S = 20

Parameters = Mapping[str, Any] | Sequence[Any]


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """A connection that can change nothing.

    Raises:
        UnavailableError: PostgreSQL does not answer, not in time, or knows no such table.
    """
    try:
        with database.connect() as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE_S}s'")
            connection.execute("SET LOCAL TimeZone = 'UTC'")
            yield connection
    except psycopg.errors.QueryCanceled:
        raise UnavailableError(
            f"no answer from PostgreSQL within {PATIENCE_S} s",
            expected="an answer while somebody waits",
            remedy="choose a shorter span of days, or look at what keeps the server busy",
        ) from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise UnavailableError(
            "a database without the platform's tables",
            expected="the schema credit",
            remedy="run `credit db upgrade`",
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise UnavailableError(
            "a database user who may not read the platform's tables",
            expected="the rights of credit_reader",
            remedy="run `credit db upgrade` as the owner, with CREDIT_READER_DATABASE_URL of a user in that role",
        ) from None
    except psycopg.OperationalError:
        raise UnavailableError(
            "a PostgreSQL that hung up", expected="an answer", remedy="try again in some seconds"
        ) from None


def frame(connection: Connection, query: str, parameters: Parameters = ()) -> pd.DataFrame:
    """The rows of a query as a frame; numbers as floats, moments in UTC."""
    cursor = connection.execute(query, parameters)
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=names)
