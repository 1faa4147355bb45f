"""One pass over the bytes of a file: its fingerprint, how its lines end, and what a fast reader would take amiss.

Runs in a thread beside the engine that parses the same file: hashing and counting free the interpreter, and the
second reader finds the bytes in the page cache. Keep out: what a line means (csv_faults).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import Violation, counted
from resources.csv_outline import file_violation

# Large enough that Python's part in the loop does not show, small enough for a processor's second cache: at
# 1 MiB the comparisons take twice as long.
CHUNK_BYTES = 1 << 18

LINE_FEED, CARRIAGE_RETURN, COMMA, QUOTE = b'\n\r,"'
ZERO, LOWER_X = b"0x"
# Between an upper-case letter and its lower-case one.
LOWER_CASE = 0x20

# A byte is judged with its neighbours: two of them are kept from one chunk to the next. Before the first byte
# stands the end of a line, and after the last one too.
CARRIED = b"\n\n"


@dataclass(frozen=True)
class Fingerprint:
    """What the bytes of a file say without being parsed.

    Attributes:
        size: bytes.
        sha256: of them, in hexadecimal.
        line_feeds: how many there are.
        carriage_returns: how many there are.
        null_bytes: how many there are.
        ends_with_line_feed: whether the last byte is one.
        odd_quotes: quotes other than one before and one after a whole field; a doubled one inside a field is odd.
        hexadecimals: how often `0x` occurs.
    """

    size: int
    sha256: str
    line_feeds: int
    carriage_returns: int
    null_bytes: int
    ends_with_line_feed: bool
    odd_quotes: int
    hexadecimals: int

    @property
    def lines(self) -> int:
        """Lines of the file, the header and a last one without its end included."""
        return self.line_feeds + (not self.ends_with_line_feed)

    @property
    def line_ends_agree(self) -> bool:
        """Whether all lines end alike, in LF or in CRLF."""
        return self.carriage_returns in {0, self.line_feeds}

    @property
    def is_plain(self) -> bool:
        """Whether nothing in it is read in one way by a strict reader and in another by a lenient one."""
        odd = self.null_bytes or self.odd_quotes or self.hexadecimals
        return self.ends_with_line_feed and self.line_ends_agree and not odd


class _Counts:
    """What is counted in the bytes, chunk by chunk."""

    def __init__(self) -> None:
        self.line_feeds = self.carriage_returns = self.null_bytes = 0
        self.quotes = self.odd_quotes = self.hexadecimals = 0

    def add(self, window: bytearray, end: int) -> None:
        """Count a chunk that stands in a buffer behind the bytes carried from the one before."""
        new = len(CARRIED)
        data = np.frombuffer(window, np.uint8, end)
        # bytes.count searches for one occurrence after the other: three times as slow on short lines.
        self.line_feeds += int(np.count_nonzero(data[new:] == LINE_FEED))
        # Rare or absent: a search that finds nothing is the fastest of all.
        if window.find(CARRIAGE_RETURN, new, end) >= 0:
            self.carriage_returns += int(np.count_nonzero(data[new:] == CARRIAGE_RETURN))
        if window.find(0, new, end) >= 0:
            self.null_bytes += int(np.count_nonzero(data[new:] == 0))
        self.hexadecimals += int(np.count_nonzero((data[2:] | LOWER_CASE == LOWER_X) & (data[1:-1] == ZERO)))
        if window.find(QUOTE, 1, end - 1) >= 0:
            self._add_quotes(data)

    def _add_quotes(self, data: npt.NDArray[np.uint8]) -> None:
        at = np.flatnonzero(data[1:-1] == QUOTE) + 1
        before, after = data[at - 1], data[at + 1]
        opens = (before == COMMA) | (before == LINE_FEED)
        closes = (after == COMMA) | (after == LINE_FEED) | (after == CARRIAGE_RETURN)
        # They take turns: the first opens a field, the second closes it. One that could do both is none of them.
        to_open = (self.quotes + np.arange(len(at))) % 2 == 0
        self.odd_quotes += int(np.count_nonzero((opens != to_open) | (closes == to_open)))
        self.quotes += len(at)


def fingerprint(path: Path) -> Fingerprint:
    """Size, SHA-256, line ends and oddities of a file, in constant memory."""
    digest = hashlib.sha256()
    counts = _Counts()
    window = bytearray(CARRIED) + bytearray(CHUNK_BYTES)
    size, new = 0, len(CARRIED)
    with path.open("rb", buffering=0) as file, memoryview(window) as view:
        while n := file.readinto(view[new:]):
            digest.update(view[new : new + n])
            size += n
            counts.add(window, new + n)
            window[:new] = window[n : n + new]
    last = bytes(window[:new])
    counts.add(bytearray(last + b"\n"), new + 1)
    return Fingerprint(
        size=size,
        sha256=digest.hexdigest(),
        line_feeds=counts.line_feeds - 1,
        carriage_returns=counts.carriage_returns,
        null_bytes=counts.null_bytes,
        ends_with_line_feed=size > 0 and last.endswith(b"\n"),
        odd_quotes=counts.odd_quotes + counts.quotes % 2,
        hexadecimals=counts.hexadecimals,
    )


def byte_violations(found: Fingerprint, raw: RawTable) -> list[Violation]:
    """What the bytes alone show to be wrong."""
    violations = []
    if not found.line_ends_agree:
        ends = f"{found.carriage_returns:,} carriage returns and {found.line_feeds:,} line feeds"
        remedy = "write all lines with the same line end: files were joined, or the export is a very old one"
        violations.append(file_violation(raw, "line_ends", ends, "all lines ending in LF, or all in CRLF", remedy))
    if found.null_bytes:
        zeros = counted(found.null_bytes, "zero byte")
        violations.append(file_violation(raw, "null_bytes", f"{zeros} in {raw.file_name}", "text without zero bytes"))
    return violations
