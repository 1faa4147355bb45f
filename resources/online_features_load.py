"""Loading a version of the client features into PostgreSQL, where the service reads single clients.

Here: one transaction that fills a table of its own and points the view `credit.online_features` at it. Readers see
the version before or this one, never a part; whatever ends the load early leaves nothing behind. Keep out:
reading (`online_features`), and which version is accepted (`feature_store`).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from credit_risk.errors import UnavailableError
from resources.copy_binary import HEADER, TRAILER, encode_rows
from resources.database import Connection, Database
from resources.feature_store import FeatureStore, FeatureVersion
from resources.online_features import RELATION

KEY = "SK_ID_CURR"
SCHEMA = "credit"

# Any fixed number: of two loads at once the second waits, and then finds its work done.
LOAD_LOCK = 7_305_120_014

# The rows of a row group as the feature store writes it: 80 MB of 600 features.
BATCH_ROWS = 16_384

# While the swap waits for a reader, later readers wait behind it: shortly, and then they go first again.
SWAP_LOCK_TIMEOUT_MS = 100
SWAP_PAUSE_S = 0.5
# A dump of the database may read for minutes; who reads longer must be told that a load was given up.
SWAP_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Load:
    """What a load did.

    Attributes:
        feature_version: the version that is in place now.
        rows: clients in it.
        n_bytes: on the server, with index.
        seconds: that it took, waiting included.
        is_new: False when the version was in place before.
    """

    feature_version: str
    rows: int
    n_bytes: int
    seconds: float
    is_new: bool


def load_online_features(
    database: Database, store: FeatureStore, version: FeatureVersion, *, swap_timeout_s: float = SWAP_TIMEOUT_S
) -> Load:
    """Put a version of the client features in the place of the one that is served.

    A version that is in place already is left as it is. The role must own the schema `credit`.

    Args:
        database: where to.
        store: holds the version's data.
        version: the record of the version.
        swap_timeout_s: how long to wait for readers of the version before, in all.

    Raises:
        UnavailableError: readers did not let go of the version before; it stays in place.
    """
    started = time.monotonic()
    with database.connect() as connection:
        # Of the transaction, so that it is let go of however this ends, and works behind poolers.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        found = _newest_load(connection)
        if found is not None and found[0] == version.version:
            return Load(version.version, found[2], found[3], time.monotonic() - started, is_new=False)
        # Servers are often told to end statements of web requests that take longer than those.
        connection.execute("SET LOCAL statement_timeout = 0")
        relation = f"{RELATION}_{version.version}"
        names = _fill(connection, relation, store, version)
        load_id, rows, n_bytes = _note(connection, relation, names, version)
        _swap(connection, relation, load_id, found[1] if found else None, swap_timeout_s)
    return Load(version.version, rows, n_bytes, time.monotonic() - started, is_new=True)


def _newest_load(connection: Connection) -> tuple[str, str, int, int] | None:
    """Version, table, clients and bytes of what is in place."""
    query = """
        SELECT feature_version, relation, n_clients, n_bytes
        FROM credit.online_feature_loads ORDER BY load_id DESC LIMIT 1
    """
    row = connection.execute(query).fetchone()
    return None if row is None else (str(row[0]), str(row[1]), int(row[2]), int(row[3]))


def _fill(
    connection: Connection, relation: str, store: FeatureStore, version: FeatureVersion
) -> tuple[list[str], list[str]]:
    """Make the table with all rows; names of its numbers and texts."""
    table = sql.Identifier(SCHEMA, relation)
    connection.execute(
        sql.SQL(
            "CREATE TABLE {} (sk_id_curr bigint NOT NULL, numbers float8[] NOT NULL, texts text[] NOT NULL)"
        ).format(table)
    )
    # Frozen: nobody can have seen the table before, and no vacuum needs to write it once more.
    copying = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY, FREEZE)").format(table)
    with (
        store.lake.opened(store.file(version.table, version.version)) as raw,
        # Buffered ahead, so that neighbouring columns of a row group are one request to an object store.
        pq.ParquetFile(raw, pre_buffer=True) as file,
        connection.cursor().copy(copying) as copy,
    ):
        numbers, texts = _names(file.schema_arrow)
        copy.write(HEADER)
        for batch in _batches(file):
            for block in encode_rows(batch, KEY, numbers, texts):
                copy.write(block)
        copy.write(TRAILER)
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (sk_id_curr)").format(table))
    connection.execute(sql.SQL("ANALYZE {}").format(table))
    return numbers, texts


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """The rows, one row group after the other: buffered ahead, the whole file would be held."""
    for group in range(file.metadata.num_row_groups):
        yield from file.iter_batches(BATCH_ROWS, row_groups=[group])


def _names(schema: pa.Schema) -> tuple[list[str], list[str]]:
    """Names of numbers and texts, each in the order of the columns."""
    features = [field for field in schema if field.name != KEY]
    numbers = [field.name for field in features if pa.types.is_float64(field.type)]
    return numbers, [field.name for field in features if field.name not in set(numbers)]


def _note(
    connection: Connection, relation: str, names: tuple[list[str], list[str]], version: FeatureVersion
) -> tuple[int, int, int]:
    """Write the load down; its number, rows and bytes."""
    insert = sql.SQL("""
        INSERT INTO credit.online_feature_loads
            (feature_version, code_version, relation, number_names, text_names, n_clients, n_bytes)
        SELECT %s, %s, %s, %s::text[], %s::text[], count(*), pg_total_relation_size(%s::regclass) FROM {}
        RETURNING load_id, n_clients, n_bytes
    """).format(sql.Identifier(SCHEMA, relation))
    numbers, texts = names
    quoted = sql.Identifier(SCHEMA, relation).as_string(connection)
    row = connection.execute(
        insert, [version.version, version.code_version, relation, numbers, texts, quoted]
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


# What was loaded before goes in the same transaction: until it is committed, readers of the view wait or see all of it.
_VIEW = """
CREATE OR REPLACE VIEW credit.online_features AS
SELECT client.sk_id_curr, load.feature_version, client.numbers, client.texts,
       load.code_version, load.number_names, load.text_names, load.loaded_at,
       (SELECT jsonb_object_agg(named.name, named.value) FROM (
            SELECT number.name, to_jsonb(number.value)
            FROM unnest(load.number_names, client.numbers) AS number(name, value)
            UNION ALL
            SELECT text.name, to_jsonb(text.value)
            FROM unnest(load.text_names, client.texts) AS text(name, value)
        ) AS named(name, value) WHERE named.value IS NOT NULL) AS features
FROM {table} AS client CROSS JOIN credit.online_feature_loads AS load
WHERE load.load_id = {load_id}
"""


def _swap(connection: Connection, relation: str, load_id: int, before: str | None, timeout_s: float) -> None:
    """Point the view at the table, and drop the one before.

    Raises:
        UnavailableError: a transaction that reads the one before does not end in time.
    """
    end = time.monotonic() + timeout_s
    view = sql.SQL(_VIEW).format(table=sql.Identifier(SCHEMA, relation), load_id=sql.Literal(load_id))
    while True:
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {SWAP_LOCK_TIMEOUT_MS}")
                connection.execute(view)
                if before is not None:
                    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, before)))
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > end:
                raise UnavailableError(
                    f"a transaction that has read credit.{RELATION} for {timeout_s:.0f} s or more",
                    expected="readers that end within seconds",
                    remedy="end it (pg_stat_activity shows it), and materialize online_features again; "
                    "until then the version before is served",
                ) from None
            time.sleep(SWAP_PAUSE_S)
        else:
            return
