"""Lines in random order: all of them, none twice, runs unbroken, and nothing left behind."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.file_order import ShuffledLines

# Lines of any length, empty ones as well, in UTF-8.
LINES = st.lists(
    st.text(st.characters(exclude_characters="\n\x1e", exclude_categories=["Cs"]), max_size=12), max_size=30
)


def shuffled(folder: Path, chunks: list[list[str]], parts: int = 3, seed: int = 0, runs=None) -> list[str]:
    """The lines of all chunks in final order."""
    lines = ShuffledLines(folder, "lines", parts, np.random.default_rng(seed))
    for number, chunk in enumerate(chunks):
        text = np.frombuffer("".join(f"{line}\n" for line in chunk).encode(), dtype=np.uint8)
        lines.deal(text, None if runs is None else np.array(runs[number], dtype=bool))
    with (folder / "file").open("wb") as file:
        counts = list(lines.gather(file))
    content = (folder / "file").read_bytes().decode()
    assert content.count("\n") == sum(counts)
    return content.split("\n")[:-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(chunks=st.lists(LINES, min_size=1, max_size=4), parts=st.integers(1, 5))
def test_every_line_arrives_once(tmp_path, chunks, parts):
    assert sorted(shuffled(tmp_path, chunks, parts)) == sorted(line for chunk in chunks for line in chunk)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=12), parts=st.integers(1, 4))
def test_a_run_stays_together_in_its_order(tmp_path, sizes, parts):
    chunk = [f"{run}:{place}" for run, size in enumerate(sizes) for place in range(size)]
    found = shuffled(tmp_path, [chunk], parts, runs=[[line.endswith(":0") for line in chunk]])
    assert sorted(found) == sorted(chunk)
    for upper, lower in pairwise(found):
        run, place = upper.split(":")
        assert lower.endswith(":0") or lower == f"{run}:{int(place) + 1}"


def test_every_line_is_as_likely_in_every_place(tmp_path):
    # 600 files of six lines from two chunks: 100 expected in each of the 36 cells.
    counts = np.zeros((6, 6))
    for seed in range(600):
        for place, line in enumerate(shuffled(tmp_path, [["0", "1", "2", "3"], ["4", "5"]], 2, seed)):
            counts[int(line), place] += 1
    # 25 degrees of freedom: 60 is beyond the 99.99th percentile, and the seeds are fixed.
    assert ((counts - 100) ** 2 / 100).sum() < 60


def test_the_same_seed_gives_the_same_order_and_another_seed_another(tmp_path):
    chunk = [str(number) for number in range(50)]
    assert shuffled(tmp_path, [chunk], seed=1) == shuffled(tmp_path, [chunk], seed=1)
    assert shuffled(tmp_path, [chunk], seed=1) != shuffled(tmp_path, [chunk], seed=2)


def test_a_part_is_gone_when_its_lines_are_in_place(tmp_path):
    lines = ShuffledLines(tmp_path, "lines", 3, np.random.default_rng(0))
    lines.deal(np.frombuffer(b"a\nb\nc\nd\n", dtype=np.uint8))
    with (tmp_path / "file").open("wb") as file:
        left = [len(list(tmp_path.glob("lines.*"))) for _ in lines.gather(file)]
    assert left == [2, 1, 0]


def test_a_line_without_an_end_is_refused(tmp_path):
    lines = ShuffledLines(tmp_path, "lines", 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"found 1 bytes after the last newline; expected whole lines"):
        lines.deal(np.frombuffer(b"a\nb", dtype=np.uint8))


def test_every_part_holds_its_share_so_that_one_fits_in_memory(tmp_path):
    lines = ShuffledLines(tmp_path, "lines", 4, np.random.default_rng(0))
    lines.deal(np.frombuffer(b"a\n" * 4_000, dtype=np.uint8))
    sizes = [path.stat().st_size / 2 for path in tmp_path.glob("lines.*")]
    # 1,000 lines each; five standard deviations are 140.
    assert sizes == pytest.approx([1_000] * 4, abs=140)
