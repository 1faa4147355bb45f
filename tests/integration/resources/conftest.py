"""What tests of the clients on real PostgreSQL share: data folders, and processes that use them."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from credit_risk.errors import CreditError
from resources import embedded_postgres
from resources.settings import ENV_FILE, REPOSITORY

TIMEOUT_S = 60


@pytest.fixture
def folder():
    """A folder that the database's user can reach; servers in it are stopped at the end."""
    # Not below pytest's own folder, which is closed to other users.
    path = Path(tempfile.mkdtemp(prefix="credit-test-"))
    yield path
    for lock in path.rglob(".*.lock"):
        with suppress(CreditError):
            embedded_postgres.stop(lock.parent / lock.name.removeprefix(".").removesuffix(".lock"))
    shutil.rmtree(path)


@pytest.fixture
def copy_data(prepared_data_dir, folder):
    """`copy_data(name)`: a stopped server's data folder with the platform's tables."""

    def copy(name="postgres"):
        (target := folder / name).parent.mkdir(parents=True, exist_ok=True)
        # The owner of the files travels with them, as shutil's copy would not let it.
        subprocess.run(["cp", "-a", str(prepared_data_dir), str(target)], check=True)
        return target

    return copy


@pytest.fixture
def start_python(folder):
    """`start_python(arguments, **settings)`: a Python process at the repository, ended with the test."""
    started = []

    def start(*arguments, **settings):
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=REPOSITORY,
            env=environment | {ENV_FILE: "", "CREDIT_HOME": str(folder)} | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


@pytest.fixture
def run_credit(start_python):
    """`run_credit(*arguments, **settings)`: the command `credit`, to its end: exit code, output, errors."""

    def run(*arguments, **settings):
        process = start_python("-m", "cli", *arguments, **settings)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, err

    return run
