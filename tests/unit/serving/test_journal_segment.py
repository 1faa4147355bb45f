"""Segments: what a crash, a full disk and another process can do to a journal file."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from serving.journal_segment import SET_ASIDE_SUFFIX, OpenSegment, SealedSegment


def sealed(directory, lines):
    segment = OpenSegment(directory)
    segment.append(lines)
    segment.close()
    return segment.path


def read(path):
    segment = SealedSegment.lock(path)
    try:
        return segment.read()
    finally:
        segment.release()


@contextmanager
def disk_of(n_bytes: int) -> Iterator[None]:
    """A file may not grow beyond so many bytes: the write that crosses the line is cut, the next fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_decisions_come_back_bit_for_bit_and_in_order(tmp_path, decision):
    decisions = [decision(probability=p) for p in (0.1, 1 / 3, 5e-324)]
    path = sealed(tmp_path, b"".join(d.to_json() + b"\n" for d in decisions))
    assert read(path).records == decisions


def test_a_torn_last_line_is_kept_beside_and_the_rest_survives(tmp_path, decision):
    whole, torn = decision(), decision().to_json()[:40]
    path = sealed(tmp_path, whole.to_json() + b"\n" + torn)
    contents = read(path)
    assert contents.records == [whole]
    assert contents.n_unreadable == 1
    assert path.with_name(path.name + SET_ASIDE_SUFFIX).read_bytes() == torn


def test_a_last_line_that_only_lacks_its_end_is_a_decision(tmp_path, decision):
    whole = decision()
    contents = read(sealed(tmp_path, whole.to_json()))
    assert contents.records == [whole]
    assert contents.n_unreadable == 0


def test_a_damaged_line_in_the_middle_costs_only_itself(tmp_path, decision):
    first, last = decision(), decision()
    path = sealed(tmp_path, first.to_json() + b'\n{"prediction_id":"\x00"}\n' + last.to_json() + b"\n")
    assert read(path).records == [first, last]


def test_a_batch_that_the_disk_does_not_take_leaves_nothing_behind(tmp_path, decision):
    first = decision().to_json() + b"\n"
    segment = OpenSegment(tmp_path)
    segment.append(first)
    with disk_of(len(first) + 50), pytest.raises(OSError, match="File too large"):
        segment.append(first * 3)
    segment.close()
    assert segment.path.read_bytes() == first


def test_an_open_segment_cannot_be_shipped(tmp_path):
    segment = OpenSegment(tmp_path)
    segment.append(b"{}\n")
    assert SealedSegment.lock(segment.path) is None
    segment.close()


def test_the_segment_of_a_process_that_was_killed_can_be_shipped(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from serving.journal_segment import OpenSegment;"
        "s = OpenSegment(Path(sys.argv[1])); s.append(b'{}\\n'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (path,) = tmp_path.glob("*.jsonl")
    segment = SealedSegment.lock(path)
    assert segment is not None
    segment.release()


def test_a_segment_that_its_owner_removed_is_not_locked(tmp_path):
    path = sealed(tmp_path, b"{}\n")
    path.unlink()
    assert SealedSegment.lock(path) is None


def test_two_processes_do_not_ship_the_same_segment(tmp_path):
    path = sealed(tmp_path, b"{}\n")
    first = SealedSegment.lock(path)
    assert SealedSegment.lock(path) is None
    first.release()


def test_a_segment_that_was_never_written_leaves_no_file(tmp_path):
    OpenSegment(tmp_path).close()
    assert list(tmp_path.iterdir()) == []
