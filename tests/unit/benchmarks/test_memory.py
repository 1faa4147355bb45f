import subprocess
import sys

import pytest

from benchmarks.memory import measured

HUNDRED_MEGABYTES = "held = bytearray(100_000_000); held[::4096] = b'x' * len(held[::4096])"


def test_the_peak_is_that_of_the_command_even_when_it_was_brief():
    usage = measured([sys.executable, "-c", f"{HUNDRED_MEGABYTES}; del held; import time; time.sleep(0.3)"])
    assert 100e6 < usage.peak < 200e6


def test_memory_and_seconds_of_child_processes_count():
    work = f"import time; {HUNDRED_MEGABYTES}; sum(range(10_000_000)); time.sleep(0.5)"
    usage = measured([sys.executable, "-c", f"import subprocess; subprocess.run([{sys.executable!r}, '-c', {work!r}])"])
    assert usage.peak > 100e6
    assert usage.cpu > 0.1


def test_waiting_takes_wall_seconds_and_no_cpu():
    usage = measured([sys.executable, "-c", "import time; time.sleep(1)"])
    assert usage.wall >= 1
    assert usage.cpu < 0.5


def test_a_failed_command_is_an_error_with_its_last_words():
    with pytest.raises(subprocess.CalledProcessError) as caught:
        measured([sys.executable, "-c", "raise SystemExit('no such thing')"])
    assert caught.value.output == "no such thing"
