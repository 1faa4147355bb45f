"""The order of rows in a file: random through the whole of it, in the memory of a part of it.

Here: dealing lines of text at random to parts on disk, and shuffling the parts one after another:
together every order of all lines is as likely as every other. Keep out: which files are shuffled,
and what their lines say (kaggle_csv).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulation.columns import Ints, Mask

Text: TypeAlias = npt.NDArray[np.uint8]

NEWLINE = ord("\n")
# Stands for the newlines inside a run, so that a run is one line to whoever shuffles lines. ASCII's
# record separator: text files, and the published tables among them, hold none.
INNER_NEWLINE = 0x1E


class ShuffledLines:
    """Lines on their way into random order: `deal` them as they come, then `gather` them once.

    Args:
        folder: existing folder for the parts; they take as much room as the lines.
        name: of the parts' files, followed by their number.
        n_parts: the more, the smaller each: one of them must fit in memory, a few times over.
        rng: decides the order, nothing else does.
    """

    def __init__(self, folder: Path, name: str, n_parts: int, rng: np.random.Generator) -> None:
        self._parts = [folder / f"{name}.{number}" for number in range(n_parts)]
        self._rng = rng
        for path in self._parts:
            path.touch(exist_ok=False)

    def deal(self, text: Text, first_of_run: Mask | None = None) -> None:
        """Spread lines, each with its newline, over the parts.

        Args:
            text: the lines as bytes.
            first_of_run: for each line whether a run of lines begins that stays together; without
                it every line goes its own way.

        Raises:
            ValueError: the text does not end with a newline.
        """
        if first_of_run is not None:
            text = _runs_as_lines(text, first_of_run)
        ends = _line_ends(text)
        part = self._rng.integers(len(self._parts), size=len(ends), dtype=np.uint16)
        order = np.argsort(part, kind="stable")
        dealt = _in_order(text, ends, order)
        # Where each part's lines begin and end in what was dealt.
        edges = np.searchsorted(part[order], np.arange(len(self._parts) + 1))
        cuts = np.concatenate([[0], np.cumsum(np.diff(ends, prepend=0)[order])])[edges]
        # Opened anew for each piece: hundreds of open files are more than some systems allow.
        for path, begin, end in zip(self._parts, cuts[:-1], cuts[1:], strict=True):
            with path.open("ab") as file:
                file.write(dealt[begin:end].data)

    def gather(self, target: BinaryIO) -> Iterator[int]:
        """Append all lines to `target` in their final order; yields the lines of each part as it is done.

        A part is removed once it is in place, so that the room on disk is that of the file and one part.
        """
        for path in self._parts:
            text = np.fromfile(path, dtype=np.uint8)
            ends = _line_ends(text)
            shuffled = _in_order(text, ends, self._rng.permutation(len(ends)))
            inner = shuffled == INNER_NEWLINE
            shuffled[inner] = NEWLINE
            target.write(shuffled.data)
            path.unlink()
            yield len(ends) + int(np.count_nonzero(inner))


def _line_ends(text: Text) -> Ints:
    """The position after each newline."""
    ends = np.flatnonzero(text == NEWLINE) + 1
    rest = len(text) - (ends[-1] if len(ends) else 0)
    if rest:
        raise ValueError(f"found {rest} bytes after the last newline; expected whole lines")
    return ends


def _runs_as_lines(text: Text, first_of_run: Mask) -> Text:
    """The same text, of whose newlines only the last of each run is left."""
    ends = _line_ends(text)
    # The last line ends a run, every other does when the next begins one.
    inner = ends[:-1][~first_of_run[1:]] - 1
    joined = text.copy()
    joined[inner] = INNER_NEWLINE
    return joined


def _in_order(text: Text, ends: Ints, order: Ints) -> Text:
    """The lines of `text` in the given order, as a new array."""
    offsets = np.concatenate([[0], ends])
    # Arrow moves a line of any length in one copy; numpy would need an index for every byte.
    lines = pa.Array.from_buffers(pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
    _, _, moved = lines.take(pa.array(order)).buffers()
    # A copy: Arrow's own memory is read-only.
    return np.frombuffer(moved, dtype=np.uint8).copy()
