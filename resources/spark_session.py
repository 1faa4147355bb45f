"""Spark sessions: one a process, on this machine or at a Spark Connect address.

Here: starting, reaching and stopping Spark, and what it must agree on with DuckDB. Keep out:
tables (`engine_spark`), and which Java runs (`java`).
"""

import atexit
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from credit_risk.errors import SettingsError, UnavailableError
from resources.java import java_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What Spark and DuckDB must agree on.
AGREEMENT = {
    # An overflow or an impossible cast is an error and no NULL that nobody asked for. Divisors are guarded.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # A missing number of a table in memory is NULL; without Arrow it would arrive as NaN.
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}

# Tasks to one core after a shuffle: few enough to start fast, enough for a task's share of the
# full tables to fit into memory. Spark's own default of 200 is made for clusters.
TASKS_PER_CORE = 4

# Spark's own gigabyte is too little for the aggregates of a full history on two cores.
MEMORY = "4g"

# A server in another zone answers in a fraction of a second; one that is starting is not up.
PATIENCE_SECONDS = 10.0

_ONE_AT_A_TIME = threading.Lock()


def spark_session(remote: str | None, scratch: Path) -> "SparkSession":
    """The session of this process, opened on first use and stopped when the process ends.

    Args:
        remote: a Spark Connect address, sc://host:15002; None starts Spark on this machine.
        scratch: a folder for what does not fit into the memory of the Spark on this machine.

    Raises:
        SettingsError: pyspark or Java is missing, or the address is none.
        UnavailableError: nothing answers there as Spark Connect does.
    """
    with _ONE_AT_A_TIME:
        return _open(remote, scratch)


@cache
def _open(remote: str | None, scratch: Path) -> "SparkSession":
    try:
        session = _local_session(scratch) if remote is None else _remote_session(remote)
    except ImportError as error:
        raise SettingsError(
            f"CREDIT_ENGINE=spark, but no {(error.name or 'pyspark').partition('.')[0]} ({error})",
            expected="the extra `spark`, or `spark-client` for a Spark Connect address alone",
            remedy="run make spark, or pip install '.[spark]'",
        ) from None
    for name, value in AGREEMENT.items():
        session.conf.set(name, value)
    atexit.register(session.stop)
    return session


def spark_errors() -> tuple[type[Exception], ...]:
    """What Spark raises: in the terms of pyspark, or as its JVM threw it."""
    from pyspark.errors import PySparkException

    try:
        from py4j.protocol import Py4JJavaError
    except ImportError:
        # pyspark-client has no JVM.
        return (PySparkException,)
    return PySparkException, Py4JJavaError


def _local_session(scratch: Path) -> "SparkSession":
    from pyspark.sql import SparkSession
    from pyspark.util import is_remote_only

    if is_remote_only():
        raise SettingsError(
            "pyspark-client, which can only reach a Spark that runs elsewhere",
            expected="CREDIT_SPARK_REMOTE, or the whole of pyspark",
            remedy="set CREDIT_SPARK_REMOTE=sc://host:15002, or replace pyspark-client by the extra `spark`",
        )
    builder = SparkSession.builder.master("local[*]").appName("credit")
    for name, value in _local_configuration(scratch).items():
        builder = builder.config(name, value)
    home = java_home(scratch)
    # The JVM listens to this process alone; the machine's public name may not even resolve.
    needed = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    with _environment(needed | ({"JAVA_HOME": str(home)} if home else {})):
        try:
            return builder.getOrCreate()
        except spark_errors() as error:
            raise UnavailableError(
                f"Spark, which did not start on this machine ({' '.join(str(error).splitlines()[:2])})",
                expected="its JVM to start",
                remedy="read what it wrote to the standard error above",
            ) from None


def _local_configuration(scratch: Path) -> dict[str, str]:
    log = Path(__file__).with_name("log4j2.properties")
    return {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": MEMORY,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log.as_uri()}",
        "spark.local.dir": str(scratch),
        "spark.sql.shuffle.partitions": str(TASKS_PER_CORE * (os.cpu_count() or 1)),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _remote_session(remote: str) -> "SparkSession":
    import grpc
    from pyspark.errors import PySparkValueError
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client import DefaultChannelBuilder

    try:
        address = DefaultChannelBuilder(remote)
    except (PySparkValueError, ValueError):
        # Without the value: it may hold a token.
        raise SettingsError(
            "CREDIT_SPARK_REMOTE, which is no Spark Connect address",
            expected="sc://host:15002, with parameters as sc://host:15002/;use_ssl=true",
            remedy="correct it in the environment or in .env",
        ) from None
    # The session itself would try for ten minutes.
    with address.toChannel() as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE_SECONDS)
        except grpc.FutureTimeoutError:
            raise UnavailableError(
                f"no answer from {address.endpoint} within {PATIENCE_SECONDS:g} s",
                expected="Spark Connect at CREDIT_SPARK_REMOTE",
                remedy="start the server, or correct the address; unset it for a Spark on this machine",
            ) from None
    return SparkSession.builder.remote(remote).getOrCreate()


@contextmanager
def _environment(additions: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in additions}
    os.environ.update(additions)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
