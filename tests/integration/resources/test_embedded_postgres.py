"""The embedded server and those who use it: real processes that come, go and die."""

import os
import signal
import subprocess
import threading
import time
from contextlib import closing, suppress

import psycopg
import pytest

from credit_risk.errors import UnavailableError
from resources import embedded_postgres, postmaster
from resources.database import Database

# Attaches, says so, and leaves in good order when its input ends.
USER = """
import sys
from pathlib import Path
from resources import embedded_postgres
print(embedded_postgres.attach(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""

# Attaches, and has a forked child that ends in good order, too.
FORKER = """
import os, sys
from pathlib import Path
from resources import embedded_postgres
data_dir = Path(sys.argv[1])
url = embedded_postgres.attach(data_dir)
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
assert embedded_postgres.attach(data_dir) == url
print(embedded_postgres.is_running(data_dir), flush=True)
"""


@pytest.fixture
def use(start_python):
    """`use(data_dir)`: another process that is attached."""

    def start(data_dir):
        process = start_python("-c", USER, data_dir)
        process.url = process.stdout.readline().strip()
        assert process.url, process.stderr.read()
        return process

    return start


def end(process):
    process.stdin.close()
    assert process.wait(timeout=20) == 0


def execute(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        # The tests' servers answer before a commit is durable; what a crash must not lose has to be.
        connection.execute("SET synchronous_commit = on")
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def kill(data_dir):
    os.kill(postmaster.find(data_dir).pid, signal.SIGKILL)


def test_a_second_start_attaches_in_this_process_and_in_another(copy_data, use):
    data_dir = copy_data()
    url = embedded_postgres.attach(data_dir)
    pid = postmaster.find(data_dir).pid
    assert embedded_postgres.attach(data_dir) == url
    assert use(data_dir).url == url
    assert postmaster.find(data_dir).pid == pid


def test_two_processes_on_a_fresh_folder_make_one_database_and_leave_nothing_running(folder, start_python):
    data_dir = folder / "postgres"
    processes = [start_python("-c", USER, data_dir) for _ in range(2)]
    urls = {process.stdout.readline().strip() for process in processes}
    assert len(urls) == 1
    assert execute(urls.pop(), "SELECT current_database(), current_setting('server_encoding')") == [("credit", "UTF8")]
    # Both leave at the same moment: one of them is the last.
    for process in processes:
        process.stdin.close()
    assert [process.wait(timeout=20) for process in processes] == [0, 0]
    assert not embedded_postgres.is_running(data_dir)


def test_data_survive_a_stop(copy_data):
    data_dir = copy_data()
    execute(embedded_postgres.attach(data_dir), "CREATE TABLE kept AS SELECT 42 AS answer")
    assert embedded_postgres.leave(data_dir)
    assert not embedded_postgres.is_running(data_dir)
    assert execute(embedded_postgres.attach(data_dir), "SELECT answer FROM kept") == [(42,)]


def test_the_last_process_to_leave_stops_the_server(copy_data, use):
    data_dir = copy_data()
    embedded_postgres.attach(data_dir)
    other = use(data_dir)
    assert not embedded_postgres.leave(data_dir)
    assert embedded_postgres.is_running(data_dir)
    end(other)
    assert not embedded_postgres.is_running(data_dir)


def test_a_killed_process_does_not_keep_the_server(copy_data, use):
    data_dir = copy_data()
    embedded_postgres.attach(data_dir)
    other = use(data_dir)
    other.kill()
    other.wait()
    assert embedded_postgres.leave(data_dir)


def test_a_connection_of_somebody_elses_does_not_keep_the_server(copy_data):
    data_dir = copy_data()
    with closing(psycopg.connect(embedded_postgres.attach(data_dir))):
        assert embedded_postgres.leave(data_dir)


def test_a_forked_child_neither_stops_the_server_nor_takes_its_parents_handle(copy_data, start_python):
    process = start_python("-c", FORKER, data_dir := copy_data())
    assert process.communicate(timeout=20) == ("True\n", "")
    assert not embedded_postgres.is_running(data_dir)


def test_after_a_crash_the_same_process_attaches_again(copy_data, eventually):
    data_dir = copy_data()
    url = embedded_postgres.attach(data_dir)
    execute(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    kill(data_dir)
    eventually(lambda: not embedded_postgres.is_running(data_dir))
    assert embedded_postgres.attach(data_dir) == url
    assert execute(url, "SELECT answer FROM kept") == [(42,)]
    # The handle is a new one: it counts when this process leaves.
    assert embedded_postgres.leave(data_dir)


def test_after_a_crash_a_statement_that_still_computes_delays_the_start_and_does_not_fail_it(copy_data, eventually):
    data_dir = copy_data()
    url = embedded_postgres.attach(data_dir)
    with psycopg.connect(url, autocommit=True) as connection:
        busy = threading.Thread(target=_suffer, args=(connection, "SELECT count(*) FROM generate_series(1, 12000000)"))
        busy.start()
        eventually(lambda: execute(url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%series(1, 12%'") != [])
        kill(data_dir)
        eventually(lambda: not embedded_postgres.is_running(data_dir))
        assert execute(embedded_postgres.attach(data_dir), "SELECT 1") == [(1,)]
        busy.join()


def _suffer(connection, statement):
    with suppress(psycopg.OperationalError):
        connection.execute(statement)


def test_a_server_that_another_process_stopped_is_started_again(copy_data, start_python):
    data_dir = copy_data()
    url = embedded_postgres.attach(data_dir)
    stop = f"from pathlib import Path; from resources import postmaster as p; p.stop(Path({str(data_dir)!r}))"
    assert start_python("-c", stop).wait(timeout=20) == 0
    assert not embedded_postgres.is_running(data_dir)
    assert embedded_postgres.attach(data_dir) == url
    assert execute(url, "SELECT 1") == [(1,)]


def test_a_pid_that_is_another_process_by_now_does_not_hinder_the_start(copy_data):
    data_dir = copy_data()
    # Of the database's own user: the user of whom PostgreSQL believes that it may be a server.
    with subprocess.Popen(["sleep", "60"], user="pgserver" if os.geteuid() == 0 else None) as stranger:
        try:
            (data_dir / "postmaster.pid").write_text(f"{stranger.pid}\n{data_dir}\n1\n5432\n{data_dir}\n\n1 1\nready\n")
            assert not embedded_postgres.is_running(data_dir)
            assert execute(embedded_postgres.attach(data_dir), "SELECT 1") == [(1,)]
        finally:
            stranger.kill()


def test_a_server_that_was_paused_delays_nobodys_end_for_ever(copy_data, monkeypatch):
    monkeypatch.setattr(embedded_postgres, "CONNECT_TIMEOUT_S", 1)
    data_dir = copy_data()
    url = embedded_postgres.attach(data_dir)
    pid = postmaster.find(data_dir).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert not embedded_postgres.leave(data_dir)
        assert time.monotonic() - began < 10
    finally:
        os.kill(pid, signal.SIGCONT)
    assert embedded_postgres.attach(data_dir) == url


@pytest.mark.parametrize("name", ["a folder's/c++ 100%/post#gres", f"{'long' * 30}/postgres"], ids=["odd", "long"])
def test_the_folder_may_have_any_name(copy_data, monkeypatch, name):
    # A port of somebody's own server must not lead ours astray.
    monkeypatch.setenv("PGPORT", "6543")
    url = embedded_postgres.attach(data_dir := copy_data(name))
    database = Database(url)
    assert execute(url, "SELECT 1") == [(1,)]
    assert execute(database.schema_url("credit"), "SELECT count(*) FROM predictions") == [(0,)]
    assert embedded_postgres.stop(data_dir)


def test_a_damaged_folder_is_one_clear_error_and_says_why(copy_data, capfd):
    data_dir = copy_data()
    control = data_dir / "global" / "pg_control"
    control.write_bytes(b"\0" * control.stat().st_size)
    with pytest.raises(UnavailableError, match=r"does not start .*(FATAL|PANIC): .*restore the folder") as caught:
        embedded_postgres.attach(data_dir)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not embedded_postgres.is_running(data_dir)
