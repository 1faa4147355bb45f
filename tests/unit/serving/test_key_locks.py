"""Key locks: held between processes, and given back by a process that dies."""

import asyncio
import subprocess
import sys
from contextlib import contextmanager

import pytest

from serving.key_locks import KeyLocks
from serving.problems import RequestError

HOLDER = """
import asyncio, sys
from pathlib import Path
from serving.key_locks import KeyLocks

async def hold():
    locks = KeyLocks(Path(sys.argv[1]))
    locks.open()
    async with locks.hold("a"):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


@pytest.fixture
def locks(tmp_path):
    locks = KeyLocks(tmp_path, patience_s=0.2)
    locks.open()
    yield locks
    locks.close()


@contextmanager
def another_process_holds_a(directory):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(directory)], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


async def hold(locks, key):
    async with locks.hold(key):
        pass


def test_a_key_that_another_process_holds_is_busy_and_another_one_is_not(locks, tmp_path):
    with another_process_holds_a(tmp_path):
        with pytest.raises(RequestError, match="found another request with this Idempotency-Key"):
            asyncio.run(hold(locks, "a"))
        asyncio.run(hold(locks, "b"))


def test_a_process_that_dies_gives_its_keys_back(locks, tmp_path):
    with another_process_holds_a(tmp_path) as process:
        process.kill()
        process.wait()
        asyncio.run(hold(locks, "a"))


def test_a_key_is_free_again_after_its_request_failed(locks):
    async def fail():
        async with locks.hold("a"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(fail())
    asyncio.run(hold(locks, "a"))
