"""Servers under load: started, watched, stopped."""

import os
import sys
import time

import psutil
import pytest

from benchmarks import serving_process
from benchmarks.serving_process import Command, Server, ServerError, cpu_seconds, free_port, memory_bytes

# A parent whose child ignores it, as servers that start workers may leave them.
WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path):
    """`start(program)`: a Python program as a server; its log is `tmp_path / "log"`."""

    def start(program: str) -> Server:
        return Server(Command([sys.executable, "-c", program], {"BENCH_WORD": "hello"}, tmp_path), tmp_path / "log")

    return start


def test_a_server_that_ends_at_once_is_told_with_its_last_words(start):
    with start("import sys; sys.exit('no such model')") as server, pytest.raises(ServerError, match="no such model"):
        server.wait_until(lambda: False)


def test_a_server_that_is_never_ready_is_given_up(start):
    with start("import time; time.sleep(60)") as server, pytest.raises(ServerError, match="not ready after 0 s"):
        server.wait_until(lambda: False, timeout_s=0.3)


def test_a_server_gets_its_environment_and_folder(start, tmp_path):
    with start("import os; print(os.environ['BENCH_WORD'], os.getcwd())") as server:
        server.wait_until(lambda: str(tmp_path) in server.last_words())
        assert server.last_words() == f"hello {tmp_path}"


def test_stopping_a_server_ends_the_processes_that_it_started(start):
    with start(WITH_CHILD) as server:
        server.wait_until(lambda: server.last_words().isdecimal())
        child = psutil.Process(int(server.last_words()))
    child.wait(timeout=5)
    assert not psutil.pid_exists(server.pid)


def test_a_server_has_settled_once_it_rests(start, monkeypatch):
    monkeypatch.setattr(serving_process, "SETTLED_FOR_S", 0.2)
    busy = "import time\nwhile time.process_time() < 1: pass\nprint('resting', flush=True)\ntime.sleep(60)"
    with start(busy) as server:
        server.settle()
        assert server.last_words() == "resting"


def test_a_server_that_never_rests_is_not_waited_for(start):
    with start("while True: pass") as server:
        began = time.monotonic()
        server.settle(timeout_s=0.1)
        assert time.monotonic() - began < 10


def test_cpu_and_memory_are_those_of_the_whole_tree(start):
    with start(WITH_CHILD) as server:
        server.wait_until(lambda: server.last_words().isdecimal())
        parent = psutil.Process(server.pid).memory_info().rss
        assert memory_bytes(server.pid) > parent
    assert cpu_seconds(server.pid) == 0.0


def test_cpu_grows_with_work():
    before, end = cpu_seconds(os.getpid()), time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert cpu_seconds(os.getpid()) - before == pytest.approx(0.1, abs=0.05)


def test_a_free_port_can_be_had():
    assert 0 < free_port() < 65536
