"""One pass over the bytes of a file: its fingerprint, and how its lines end.

Runs in a thread beside the engine that parses the same file: hashing frees the interpreter, and the second
reader finds the bytes in the page cache. Keep out: what a line means (csv_faults).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import Violation, counted
from resources.csv_outline import file_violation

# Large enough that Python's part in the loop does not show, small enough for a processor's cache.
CHUNK_BYTES = 1 << 20
LINE_FEED = 10


@dataclass(frozen=True)
class Fingerprint:
    """What the bytes of a file say without being parsed."""

    size: int
    sha256: str
    line_feeds: int
    carriage_returns: int
    null_bytes: int
    ends_with_line_feed: bool

    @property
    def lines(self) -> int:
        """Lines of the file, the header and a last one without its end included."""
        return self.line_feeds + (not self.ends_with_line_feed)

    @property
    def line_ends_agree(self) -> bool:
        """Whether all lines end alike, in LF or in CRLF."""
        return self.carriage_returns in {0, self.line_feeds}


def fingerprint(path: Path) -> Fingerprint:
    """Size, SHA-256 and line ends of a file, in constant memory."""
    digest = hashlib.sha256()
    size = line_feeds = carriage_returns = null_bytes = 0
    last = b""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            # bytes.count searches for one occurrence after the other: three times as slow on short lines.
            line_feeds += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == LINE_FEED))
            # Rare or absent: a search that finds nothing is the fastest of all.
            carriage_returns += chunk.count(b"\r")
            null_bytes += chunk.count(b"\0")
            last = chunk[-1:]
    return Fingerprint(size, digest.hexdigest(), line_feeds, carriage_returns, null_bytes, last == b"\n")


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
