"""Processes that are killed while they write a version: nobody ever reads half of one."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pandas as pd
import pytest

from credit_risk.errors import ModelError
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.settings import REPOSITORY

TIMEOUT_S = 60
FRAME = pd.DataFrame({"SK_ID_CURR": [1, 2], "F": [0.5, None]})

# Computes two thousand million rows: it is killed as soon as the engine has begun its file.
COMPUTING = """
import sys
import ibis
import pandas as pd
from resources.engine_choice import open_engine
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.settings import load_settings

lake = Lake(sys.argv[1] + "/lake")
clients = pd.DataFrame({"SK_ID_CURR": range(1_000_000)}).to_parquet(index=False, row_group_size=10_000)
lake.write_bytes("raw/clients.parquet", clients)
lake.write_frame("raw/times.parquet", pd.DataFrame({"TIMES": range(2_000)}))
engine = open_engine(load_settings({"CREDIT_HOME": sys.argv[1]}), lake)
many = engine.table("raw/clients.parquet").cross_join(engine.table("raw/times.parquet")).mutate(F=ibis.random())
engine.write(FeatureStore(lake).file(CLIENT_FEATURES, "v2"), many)
"""

# Waits between the data and the record until it is killed.
BETWEEN = """
import sys, time
import pandas as pd
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake

store = FeatureStore(Lake(sys.argv[1] + "/lake"))
store.lake.write_frame(store.file(CLIENT_FEATURES, "v2"), pd.DataFrame({"SK_ID_CURR": [1], "F": [9.0]}))
print("data are there", flush=True)
time.sleep(600)
"""

# May write 1 MB into a file, and is killed by the kernel in the middle of writing 8 MB.
IN_THE_MIDDLE = """
import resource, signal, sys
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake

store = FeatureStore(Lake(sys.argv[1] + "/lake"))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
store.lake.write_bytes(store.file(CLIENT_FEATURES, "v2"), bytes(8_000_000))
"""


@pytest.fixture
def store(tmp_path):
    """A store with one good version."""
    store = FeatureStore(Lake(str(tmp_path / "lake")))
    store.lake.write_frame(store.file(CLIENT_FEATURES, "v1"), FRAME)
    store.publish(CLIENT_FEATURES, "v1", {"bureau": "aa"})
    return store


@pytest.fixture
def start(tmp_path):
    """`start(program)`: a process of its own that writes into the store."""
    started = []

    def start(program):
        command = [sys.executable, "-c", program, str(tmp_path)]
        own = {**os.environ, "CREDIT_ENV_FILE": "", "PYTHONPATH": str(REPOSITORY)}
        started.append(subprocess.Popen(command, env=own, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def assert_only_the_first_version_is_there(store):
    assert not store.exists(CLIENT_FEATURES, "v2")
    assert [record.version for record in store.versions()] == ["v1"]
    assert store.newest().version == "v1"
    for request in (store.frame, store.find, lambda version: store.accept(CLIENT_FEATURES, version)):
        with pytest.raises(ModelError, match="v2"):
            request("v2")


def assert_the_next_prune_leaves_nothing_behind(store):
    store.prune(9, {}, unfinished_after=timedelta(0))
    assert [file.name.rpartition("/")[2] for file in store.lake.files("features")] == [
        "newest.json",
        "v1.json",
        "v1.parquet",
    ]


def test_killed_while_the_engine_writes(store, start, tmp_path):
    process = start(COMPUTING)
    end = time.monotonic() + TIMEOUT_S
    while not any(tmp_path.rglob("scratch/*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert_only_the_first_version_is_there(store)
    assert_the_next_prune_leaves_nothing_behind(store)


def test_killed_in_the_middle_of_the_data(store, start, tmp_path):
    assert start(IN_THE_MIDDLE).wait() == -signal.SIGXFSZ
    (part,) = tmp_path.rglob("*.part")
    assert 0 < part.stat().st_size <= 1_000_000
    assert_only_the_first_version_is_there(store)
    assert_the_next_prune_leaves_nothing_behind(store)


def test_killed_between_the_data_and_the_record(store, start):
    process = start(BETWEEN)
    assert process.stdout.readline() == "data are there\n"
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert store.lake.exists(store.file(CLIENT_FEATURES, "v2"))
    assert_only_the_first_version_is_there(store)
    (left,) = store.plan_prune(9, {}, unfinished_after=timedelta(0)).leftovers
    assert left.name == store.file(CLIENT_FEATURES, "v2")
    # A run that starts now need not wait for any prune: it computes the version as if nothing had been.
    store.lake.write_frame(store.file(CLIENT_FEATURES, "v2"), FRAME)
    store.publish(CLIENT_FEATURES, "v2", {"bureau": "bb"})
    assert store.newest().version == "v2"
    assert store.frame("v2")["F"].max() == 0.5
