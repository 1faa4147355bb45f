import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.processes import Process
from cli.supervisor import supervise

# A process that writes its id and stays.
STAYS = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
# One that starts another one, as a code server starts a run.
WITH_CHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); time.sleep(600)"
)


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-c", *arguments]


def wait_and_exit(pid_file: Path, code: int) -> list[str]:
    script = (
        "import os, sys, time\n"
        "while not (os.path.exists(sys.argv[1]) and os.path.getsize(sys.argv[1])): time.sleep(0.05)\n"
        f"print('told'); sys.exit({code})"
    )
    return python(script, str(pid_file))


def is_gone(pid_file: Path) -> bool:
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # Whoever adopts an orphan may be slow to bury it.
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_the_exit_code_is_that_of_the_process_that_ends_first(tmp_path):
    pid_file = tmp_path / "pid"
    processes = [
        Process("stays", python(STAYS, str(pid_file))),
        Process("story", wait_and_exit(pid_file, 3), speaks=True),
    ]
    assert supervise(processes, tmp_path / "logs", {}) == 3


def test_when_one_process_ends_the_others_are_gone(tmp_path):
    pid_file = tmp_path / "pid"
    supervise(
        [
            Process("stays", python(STAYS, str(pid_file))),
            Process("story", wait_and_exit(pid_file, 0), speaks=True),
        ],
        tmp_path / "logs",
        {},
    )
    assert is_gone(pid_file)


def test_children_of_a_process_are_gone_as_well(tmp_path):
    pid_file = tmp_path / "pid"
    supervise(
        [
            Process("parent", python(WITH_CHILD, str(pid_file), STAYS)),
            Process("story", wait_and_exit(pid_file, 0), speaks=True),
        ],
        tmp_path / "logs",
        {},
    )
    assert is_gone(pid_file)


def test_the_log_of_a_process_that_failed_is_shown(tmp_path, capsys):
    supervise([Process("fails", python("import sys; sys.exit('no such table')"))], tmp_path / "logs", {})
    shown = capsys.readouterr().err
    assert "fails ended with code 1" in shown
    assert "no such table" in shown


def test_what_a_speaking_process_says_is_passed_on(tmp_path, capfd):
    supervise([Process("story", python("print('once upon a time')"), speaks=True)], tmp_path / "logs", {})
    assert "once upon a time\n" in capfd.readouterr().out


def test_a_process_sees_the_environment_of_all_and_its_own(tmp_path):
    script = "import os; print(os.environ['SHARED'], os.environ['OWN'], os.environ['PATH'] != '')"
    supervise([Process("one", python(script), {"OWN": "mine"})], tmp_path / "logs", {"SHARED": "ours"})
    assert (tmp_path / "logs" / "one.log").read_text() == "ours mine True\n"


@pytest.fixture(autouse=True)
def signals_as_before():
    # honcho installs handlers of its own and leaves them.
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
