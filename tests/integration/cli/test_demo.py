"""The demo as a newcomer runs it. Minutes, so behind `make test-slow`."""

import os
import socket
import subprocess
import sys

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def run_demo(home: str) -> subprocess.CompletedProcess[str]:
    ports = {f"CREDIT_{name}_PORT": free_port() for name in ("API", "DAGSTER", "DASHBOARD", "MLFLOW")}
    return subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--once", "--clients", "3000"],
        env={**os.environ, **ports, "CREDIT_HOME": home, "CREDIT_RAW_DIR": f"{home}/raw"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_loop_closes_twice_and_leaves_no_process_behind(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("demo"))
    for run in ("first", "second"):
        done = run_demo(home)
        assert done.returncode == 0, f"{run} run:\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
        assert "the loop closed" in done.stdout
        assert "lines stored in credit.api_logs" in done.stdout
        assert "too few to judge on" not in done.stdout
        left = [p.pid for p in psutil.process_iter(["cmdline"]) if home in " ".join(p.info["cmdline"] or [])]
        assert not left, f"{run} run left processes {left}"
