"""The feature store on S3: a real server of its protocol, reached through the real driver.

The server counts the bytes that it sends, so that what a read costs is measured where it is paid for.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from pandas.testing import assert_frame_equal
from s3fs import S3FileSystem
from werkzeug.serving import WSGIRequestHandler, make_server

from credit_risk.errors import ModelError, SettingsError, UnavailableError
from resources.engine_choice import open_engine
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.object_uploads import unfinished_uploads
from resources.settings import REPOSITORY, load_settings

N_CLIENTS = 12_000

# Begins an upload of several parts, which the server never answers: it is killed in the middle.
UPLOADING = """
import sys
from pathlib import Path
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake

large = Path(sys.argv[2])
with large.open("wb") as file:
    file.truncate(110_000_000)
store = FeatureStore(Lake(sys.argv[1]))
store.lake.put_file(large, store.file(CLIENT_FEATURES, "v2"))
"""


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing about requests."""


class Server:
    """An S3 server that counts what it sends and can hold back the parts of an upload."""

    bucket = "credit-lake"

    def __init__(self) -> None:
        self.application = DomainDispatcherApplication(create_backend_app)
        self.n_bytes = 0
        self.held = threading.Event()
        self.holding = threading.Event()

    def __call__(self, environ, start_response) -> Iterator[bytes]:
        if self.holding.is_set() and "uploadId=" in environ["QUERY_STRING"] and environ["REQUEST_METHOD"] == "PUT":
            self.held.set()
            start_response("503 Service Unavailable", [])
            threading.Event().wait(1)
            return
        for part in self.application(environ, start_response):
            self.n_bytes += len(part)
            yield part


@pytest.fixture(scope="module")
def server():
    """A running server with an empty bucket, and the environment of a process that uses it."""
    application = Server()
    running = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{running.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            # Neither a developer's own account nor a wait for that of a machine in a cloud.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            patch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        S3FileSystem().mkdir(application.bucket)
        yield application
        S3FileSystem.clear_instance_cache()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def store(server, request):
    """A store of this test's own in the bucket."""
    return FeatureStore(Lake(f"s3://{server.bucket}/{request.node.name}/lake"))


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    numbers = {f"F{number}": rng.normal(size=N_CLIENTS) for number in range(40)}
    return pd.DataFrame(
        {"SK_ID_CURR": np.arange(N_CLIENTS) + 100_001, **numbers, "KIND": ["a", None] * (N_CLIENTS // 2)}
    )


def write(store, version, frame, **known) -> None:
    content = frame.to_parquet(index=False, compression="zstd", row_group_size=600)
    store.lake.write_bytes(store.file(CLIENT_FEATURES, version), content)
    facts = {"code_version": "c", "raw_sha256": {"bureau": version}} | known
    store.commit(store.describe(CLIENT_FEATURES, version, **facts))


def test_a_version_lives_as_in_a_folder(store, frame):
    assert store.versions() == []
    assert store.accepted() is None
    with pytest.raises(ModelError, match="no feature table client_features"):
        store.newest()
    for version in ("a1", "b2"):
        write(store, version, frame)
        store.accept(CLIENT_FEATURES, version)
    assert store.exists(CLIENT_FEATURES, "a1")
    assert not store.exists(CLIENT_FEATURES, "c3")
    assert [record.version for record in store.versions()] == ["b2", "a1"]
    assert store.newest() == store.find("b")
    assert store.newest().missing["KIND"] == 0.5
    assert_frame_equal(store.frame("a1"), frame)
    with pytest.raises(ModelError, match="another rows for client_features a1, which exists"):
        write(store, "a1", frame.head(10))


def test_what_others_write_is_seen_at_once(store, frame):
    # A driver that remembered listings would go on saying that nothing is there.
    assert store.tables() == {}
    assert not store.exists(CLIENT_FEATURES, "v1")
    S3FileSystem.clear_instance_cache()
    other = FeatureStore(Lake(store.lake.uri("").rstrip("/")))
    assert other.lake.filesystem is not store.lake.filesystem
    write(other, "v1", frame)
    assert store.exists(CLIENT_FEATURES, "v1")
    assert store.tables() == {CLIENT_FEATURES: 1}


def test_one_client_or_one_column_leaves_the_rest_on_the_server(server, store, frame):
    write(store, "v1", frame)
    (stored,) = store.stored()

    def read(**arguments):
        before = server.n_bytes
        found = store.frame("v1", **arguments)
        return found, server.n_bytes - before

    everything, n_everything = read()
    assert len(everything) == N_CLIENTS
    assert n_everything > 0.9 * stored.bytes
    client, n_client = read(clients=[103_000])
    assert client["F3"].tolist() == frame.loc[frame["SK_ID_CURR"] == 103_000, "F3"].tolist()
    assert n_client < stored.bytes / 10
    column, n_column = read(columns=["F3"])
    assert column["F3"].tolist() == frame["F3"].tolist()
    assert n_column < stored.bytes / 10


def test_versions_are_compared_and_pruned(store, frame):
    few = frame.head(100)
    for version in ("v1", "v2", "v3"):
        write(store, version, few.assign(F1=few["F1"] + (version == "v3")))
    diff = store.diff("v2", "v3")
    assert [(change.feature, change.differing) for change in diff.changed] == [("F1", 1.0)]
    store.accept(CLIENT_FEATURES, "v3")
    done = store.prune(1, {"v1": ["1"]})
    assert [each.record.version for each in done.remove] == ["v2"]
    assert [record.version for record in store.versions()] == ["v3", "v1"]
    names = [file.name.rpartition("/")[2] for file in store.lake.files("features")]
    assert names == ["newest.json", "v1.json", "v1.parquet", "v3.json", "v3.parquet"]


def test_the_engine_computes_into_the_bucket(store, tmp_path):
    store.lake.write_frame("raw/amounts.parquet", pd.DataFrame({"SK_ID_CURR": [2, 1], "AMT": [1.0, None]}))
    engine = open_engine(load_settings({"CREDIT_HOME": str(tmp_path)}), store.lake)
    # In the address that engines read, no driver but the lake's own is asked for.
    amounts = engine.backend.read_parquet(store.lake.scan_address("raw/amounts.parquet"))
    doubled = amounts.select("SK_ID_CURR", AMT=amounts.AMT * 2).order_by(ibis.asc("SK_ID_CURR"))
    assert engine.write(store.file(CLIENT_FEATURES, "v1"), doubled) == 2
    store.publish(CLIENT_FEATURES, "v1", {})
    assert store.frame("v1", clients=[2])["AMT"].tolist() == [2.0]
    assert store.newest().missing == {"AMT": 0.5}


def test_a_run_killed_while_it_uploads_leaves_no_version_and_the_next_prune_frees_its_parts(
    server, store, frame, tmp_path
):
    write(store, "v1", frame)
    store.accept(CLIENT_FEATURES, "v1")
    server.holding.set()
    program = [sys.executable, "-c", UPLOADING, store.lake.uri("").rstrip("/"), str(tmp_path / "large")]
    process = subprocess.Popen(program, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stderr=subprocess.PIPE)
    try:
        assert server.held.wait(30)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        server.holding.clear()
        process.kill()
        process.communicate()
    assert not store.exists(CLIENT_FEATURES, "v2")
    assert [record.version for record in store.versions()] == ["v1"]
    assert store.newest().version == "v1"
    (left,) = store.prune(9, {}, unfinished_after=timedelta(0)).leftovers
    assert left.name == store.file(CLIENT_FEATURES, "v2")
    assert unfinished_uploads(store.lake, "features") == []
    assert store.exists(CLIENT_FEATURES, "v1")


@pytest.mark.usefixtures("server")
def test_a_bucket_that_is_not_there_is_one_clear_error(frame):
    store = FeatureStore(Lake("s3://no-such-bucket/lake"))
    assert store.versions() == []
    with pytest.raises(
        SettingsError, match=r"CREDIT_LAKE=s3://no-such-bucket/lake, where .* cannot be written .*bucket"
    ):
        write(store, "v1", frame.head(1))


@pytest.fixture
def address(server):
    """Address of a lake whose driver reads the environment anew: drivers are remembered with what they once read."""
    S3FileSystem.clear_instance_cache()
    yield f"s3://{server.bucket}/another"
    S3FileSystem.clear_instance_cache()


def test_a_server_that_is_away_is_one_clear_error(address, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = FeatureStore(Lake(address))
    for request in (store.versions, store.newest, lambda: store.exists(CLIENT_FEATURES, "v1")):
        with pytest.raises(UnavailableError, match=r"no answer from the lake at s3://credit-lake/another/ .*connect"):
            request()


def test_a_user_without_credentials_is_told_so(address, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(UnavailableError, match=r"no answer from the lake .*credentials"):
        FeatureStore(Lake(address)).versions()
