import socket
import sys
from importlib.util import find_spec

import pytest

from credit_risk.errors import SettingsError, UnavailableError
from resources import spark_session as module
from resources.spark_session import spark_session

needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None,
    reason="Spark is not installed: `make test` installs it, or pip's extra `spark`",
)


@pytest.mark.parametrize("remote", [None, "sc://127.0.0.1:15002"])
def test_a_missing_pyspark_is_said_with_the_extra_that_has_it(monkeypatch, tmp_path, remote):
    for name in [name for name in sys.modules if name.split(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SettingsError, match=r"no pyspark .* the extra `spark`"):
        spark_session(remote, tmp_path)


@needs_spark
@pytest.mark.parametrize(
    "remote", ["cluster:15002", "http://cluster", "sc://cluster:x", "sc://cluster/;token=s3cret;x"]
)
def test_what_is_no_connect_address_is_refused_without_repeating_it(tmp_path, remote):
    with pytest.raises(SettingsError, match="CREDIT_SPARK_REMOTE, which is no Spark Connect address") as caught:
        spark_session(remote, tmp_path)
    assert "s3cret" not in str(caught.value)


@needs_spark
def test_an_address_where_nothing_listens_is_named_within_seconds(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnavailableError, match=rf"no answer from 127\.0\.0\.1:{port} within 0\.5 s"):
        spark_session(f"sc://127.0.0.1:{port}/;token=s3cret", tmp_path)


@needs_spark
def test_a_server_that_speaks_something_else_is_no_answer(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    mute = socket.create_server(("127.0.0.1", 0))
    with mute, pytest.raises(UnavailableError, match="expected Spark Connect at CREDIT_SPARK_REMOTE"):
        spark_session(f"sc://127.0.0.1:{mute.getsockname()[1]}", tmp_path)
