"""Loads into real PostgreSQL: what is read back, swaps under readers, loads at once and loads that are killed."""

import importlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from credit_risk.errors import UnavailableError
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.online_features import OnlineLayout, read_client, read_layout, read_version
from resources.online_features_load import load_online_features
from resources.settings import REPOSITORY

NUMBERS, TEXTS = [f"NUMBER_{i}" for i in range(40)], ["KIND", "PLACE"]
SPECIAL = [0.0, -0.0, 5e-324, 1.7976931348623157e308, -0.1, 1 / 3, None]


@pytest.fixture
def store(tmp_path):
    return FeatureStore(Lake(str(tmp_path / "lake")))


def publish(store, version, n=300, seed=0, code_version="code1", row_group=128):
    """A version of made-up features; values differ between seeds."""
    rng = np.random.default_rng(seed)
    columns = {"SK_ID_CURR": pa.array(np.arange(1, n + 1), pa.int64())}
    for name in NUMBERS:
        values, absent = rng.normal(size=n), rng.random(n) < 0.3
        columns[name] = pa.array(values, pa.float64(), mask=absent)
    columns[NUMBERS[0]] = pa.array((SPECIAL * n)[:n], pa.float64())
    columns["KIND"] = pa.array([['Señor, "x"', None, "XNA", "{}"][i % 4] for i in range(n)], pa.string())
    columns["PLACE"] = pa.array([None] * n, pa.string())
    file = store.lake.local_path(store.file(CLIENT_FEATURES, version))
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), file, row_group_size=row_group)
    store.publish(CLIENT_FEATURES, version, {}, code_version)
    return store.record(CLIENT_FEATURES, version)


def relations(database):
    """Tables that hold features."""
    query = "SELECT relname FROM pg_class WHERE relname LIKE 'online\\_features\\_%' AND relkind = 'r'"
    with database.connect() as connection:
        return sorted(name for (name,) in connection.execute(query))


def bits(values):
    return [value.hex() if isinstance(value, float) else value for value in values]


def test_every_client_comes_back_to_the_bit(postgres, store):
    version = publish(store, "v1", n=1500)
    load = load_online_features(postgres, store, version)
    assert (load.feature_version, load.rows, load.is_new) == ("v1", 1500, True)
    assert load.n_bytes > 0
    stored = pq.read_table(store.lake.local_path(store.file(CLIENT_FEATURES, "v1")))
    with postgres.connect() as connection:
        for row in stored.to_pylist():
            client = read_client(connection, row["SK_ID_CURR"])
            assert client.feature_version == "v1"
            assert bits(client.numbers) == bits([row[name] for name in NUMBERS])
            assert client.texts == [row[name] for name in TEXTS]


def test_names_are_in_the_order_of_the_arrays(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    with postgres.connect() as connection:
        assert read_layout(connection) == OnlineLayout("v1", "code1", tuple(NUMBERS), tuple(TEXTS))
        assert read_version(connection) == "v1"


def test_before_the_first_load_nothing_is_known(postgres):
    with postgres.connect() as connection:
        found = read_client(connection, 1), read_layout(connection), read_version(connection)
    assert found == (None, None, None)


def test_a_client_of_another_portfolio_has_no_row(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    with postgres.connect() as connection:
        assert read_client(connection, 10**12) is None


def test_people_read_features_by_name(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    query = "SELECT features FROM credit.online_features WHERE sk_id_curr = 1"
    with postgres.connect() as connection:
        (features,) = connection.execute(query).fetchone()
        client = read_client(connection, 1)
    present = dict(zip(NUMBERS + TEXTS, client.numbers + client.texts, strict=True))
    assert features == {name: value for name, value in present.items() if value is not None}


def test_a_version_that_is_in_place_is_not_loaded_again(postgres, store):
    version = publish(store, "v1")
    first = load_online_features(postgres, store, version)
    # Would fail, were it read.
    store.lake.remove(store.file(CLIENT_FEATURES, "v1"))
    again = load_online_features(postgres, store, version)
    assert (again.is_new, again.rows, again.n_bytes) == (False, first.rows, first.n_bytes)


def test_another_version_takes_the_place_and_the_table_of_the_one_before(postgres, store):
    for version, seed in (("v1", 1), ("v2", 2), ("v1", 1)):
        load_online_features(postgres, store, publish(store, version, seed=seed))
        assert relations(postgres) == [f"online_features_{version}"]


def test_what_others_may_read_survives_a_swap(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE online_reader")
        connection.execute("GRANT USAGE ON SCHEMA credit TO online_reader")
        connection.execute("GRANT SELECT ON credit.online_features TO online_reader")
    try:
        load_online_features(postgres, store, publish(store, "v2"))
        with postgres.connect() as connection:
            connection.execute("SET ROLE online_reader")
            assert read_client(connection, 1).feature_version == "v2"
            assert read_layout(connection).feature_version == "v2"
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="online_features_v2"):
                connection.execute("SELECT * FROM credit.online_features_v2")
    finally:
        with postgres.connect() as connection:
            connection.execute("DROP OWNED BY online_reader")
            connection.execute("DROP ROLE online_reader")


def test_readers_see_one_version_or_the_other_and_never_none(postgres, store):
    versions = [publish(store, "v1", seed=1), publish(store, "v2", seed=2)]
    load_online_features(postgres, store, versions[0])
    expected = {}
    for version in versions:
        row = store.frame(version.version, clients=[7]).iloc[0]
        expected[version.version] = [None if np.isnan(row[name]) else float(row[name]) for name in NUMBERS]
    seen, stop = [], threading.Event()

    def read():
        with postgres.connect(autocommit=True) as connection:
            while not stop.is_set():
                seen.append(read_client(connection, 7))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in [*versions[::-1], *versions[::-1]]:
        load_online_features(postgres, store, version)
    stop.set()
    for reader in readers:
        reader.join()
    assert {client.feature_version for client in seen} == {"v1", "v2"}
    assert all(client.numbers == expected[client.feature_version] for client in seen)


def test_of_two_loads_at_once_the_second_finds_its_work_done(postgres, store):
    version = publish(store, "v1", n=2000)
    loads = []
    threads = [
        threading.Thread(target=lambda: loads.append(load_online_features(postgres, store, version))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load.is_new for load in loads) == [False, False, True]
    assert relations(postgres) == ["online_features_v1"]


def test_a_reader_that_does_not_end_keeps_the_version_before_and_is_named(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    version = publish(store, "v2")
    with postgres.connect() as reader:
        reader.execute("SELECT count(*) FROM credit.online_features")
        with pytest.raises(
            UnavailableError, match=r"has read credit\.online_features for 0 s.*version before is served"
        ):
            load_online_features(postgres, store, version, swap_timeout_s=0)
        assert read_version(reader) == "v1"
    assert relations(postgres) == ["online_features_v1"]


def test_a_reader_that_ends_in_time_is_waited_for(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    version = publish(store, "v2")
    reader = postgres.connect()
    reader.execute("SELECT count(*) FROM credit.online_features")
    timer = threading.Timer(0.5, reader.close)
    timer.start()
    assert load_online_features(postgres, store, version).is_new
    timer.join()


# Kills itself in the middle of the rows.
KILLED = """
import os, signal, sys
from resources import online_features_load as load
from resources.database import Database
from resources.feature_store import FeatureStore
from resources.lake import Lake

encode = load.encode_rows
def half(batch, *arguments):
    yield from encode(batch.slice(0, batch.num_rows // 2), *arguments)
    os.kill(os.getpid(), signal.SIGKILL)
load.encode_rows = half
store = FeatureStore(Lake(sys.argv[2]))
load.load_online_features(Database(sys.argv[1]), store, store.newest())
"""


def test_a_load_that_is_killed_leaves_the_version_before_and_nothing_else(postgres, store, eventually):
    load_online_features(postgres, store, publish(store, "v1"))
    version = publish(store, "v2", n=2000)
    killed = subprocess.run([sys.executable, "-c", KILLED, postgres.url, store.lake.root], cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGKILL
    with postgres.connect(autocommit=True) as connection:
        assert read_version(connection) == "v1"
    eventually(lambda: relations(postgres) == ["online_features_v1"])
    assert load_online_features(postgres, store, version).rows == 2000


def test_a_client_twice_is_refused_and_the_version_before_stays(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    file = store.lake.local_path(store.file(CLIENT_FEATURES, "v1"))
    twice = pa.concat_tables([pq.read_table(file)] * 2)
    pq.write_table(twice, Path(file).with_name("v2.parquet"))
    store.publish(CLIENT_FEATURES, "v2", {})
    with pytest.raises(psycopg.errors.UniqueViolation, match="is duplicated"):
        load_online_features(postgres, store, store.record(CLIENT_FEATURES, "v2"))
    assert relations(postgres) == ["online_features_v1"]


def test_the_migration_can_be_undone_after_a_load(postgres, store):
    load_online_features(postgres, store, publish(store, "v1"))
    migration = importlib.import_module("resources.migrations.versions.0004_online_features")
    engine = create_engine("postgresql+psycopg://", creator=postgres.connect, poolclass=NullPool)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.downgrade()
        migration.upgrade()
    assert relations(postgres) == []
    with postgres.connect() as connection:
        assert read_version(connection) is None
