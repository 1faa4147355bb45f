"""Spark behind a Spark Connect address: a real server, and a client that has a process of its own."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.java import java_home

pyspark = pytest.importorskip(
    "pyspark", reason="Spark is not installed: `make test` installs it, or pip's extra `spark`"
)

# A second Java, for what another file shows of a local master.
pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("compute_features.py")
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
START_SECONDS = 120
STOP_SECONDS = 20


@pytest.fixture(scope="module")
def address(tmp_path_factory, clean_environment):
    """A Spark Connect server on this machine, as an operator would start it."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.local.dir": folder,
        "spark.sql.shuffle.partitions": 2,
        "spark.ui.enabled": "false",
    }
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    command = [submit, "--master", "local[2]", *options, "--class", SERVER, "spark-internal"]
    log = folder / "server.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env=with_java(clean_environment, folder)
        ) as server,
    ):
        wait_for(port, server, log)
        yield f"sc://127.0.0.1:{port}"
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # Its own shutdown may wait for a session for ever; what it answered is told already.
            server.kill()


def with_java(environment, folder):
    home = java_home(folder)
    return environment | {"SPARK_LOCAL_IP": "127.0.0.1"} | ({"JAVA_HOME": str(home)} if home else {})


def wait_for(port, server, log):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    server.kill()
    pytest.fail(f"no Spark Connect server: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def compute(lake, address, clean_environment):
    """`compute("bureau")`: features by the engine of the settings, as a step of the graph gets it, in `connect/`."""
    settings = {"CREDIT_ENGINE": "spark", "CREDIT_SPARK_REMOTE": address, "CREDIT_HOME": f"{lake.root}/home"}

    def run(*names):
        command = [sys.executable, SCRIPT, lake.root, "connect", *names]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment | settings, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    return run


def test_a_connect_server_gives_the_values_of_duckdb(lake, compute, stored, differences):
    compute("credit_card_balance")
    assert differences("credit_card_balance", "connect") == {}
    assert stored("connect", "credit_card_balance").schema.equals(stored("duckdb", "credit_card_balance").schema)
    assert [path.name for path in Path(lake.root).glob("unfinished*")] == []


def test_a_connect_server_gives_the_values_of_duckdb_for_all_features(lake, compute, differences):
    compute()
    for name in sorted(path.stem for path in Path(lake.root, "duckdb").iterdir()):
        assert (name, differences(name, "connect")) == (name, {})
