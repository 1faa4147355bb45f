"""The explanation of a CSV file that was refused: every line at fault, by number, with what stands there.

Here: a slow, patient second reading in Python, with constant memory. It runs only when the engine refused the
file or lost lines, for the engine stops at the first fault, and collecting its rejected lines takes a kilobyte
for each (24 GB for 20 million of them). Keep out: deciding whether a file is good; that is the engine's part.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import EXAMPLES, Violation, counted, shown

# Whole numbers are read as doubles, which keep them exact up to here (9,007,199,254,740,992).
LARGEST_WHOLE_NUMBER = 2**53


@dataclass
class _Fault:
    """Lines with the same fault; only the first few are kept."""

    n: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        self.n += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


class _Faults:
    """Faults by check and column, in the order in which they were first met."""

    def __init__(self) -> None:
        self.by_check: dict[tuple[str, str | None], _Fault] = {}

    def add(self, check: str, column: str | None, example: str) -> None:
        self.by_check.setdefault((check, column), _Fault()).add(example)


# What each fault is called, what should be there, and what helps.
_WORDS = {
    "blank_rows": ("blank row", "a client, a credit or a payment in every row", "remove the blank rows"),
    "field_count": ("line", "as many fields as the header has names", "fetch the file again, or complete these lines"),
    "quoting": ("line", "quotes in pairs, doubled inside a value", "correct the quotes, or fetch the file again"),
    "encoding": ("line", "UTF-8 text", "export the file as UTF-8"),
    "type": ("value", "a number with a decimal point, or nothing", "correct these values, or fetch the file again"),
    "whole_number": (
        "value",
        f"whole numbers below {LARGEST_WHOLE_NUMBER:,}",
        "correct these values; a spreadsheet may have rounded or rewritten them",
    ),
}
_WRONG = {
    "field_count": "with another number of fields",
    "quoting": "with a broken quote",
    "encoding": "with bytes that are not UTF-8",
    "type": "unreadable as a number",
    "whole_number": "other than a whole number",
}


def fault_violations(path: Path, raw: RawTable) -> list[Violation]:
    """Every kind of fault in the lines of a file, with how many lines have it and the first few."""
    faults = _Faults()
    typed = _typed_columns(raw)
    for line, row in _rows(path, faults):
        if len(row) != len(raw.columns):
            faults.add("field_count", None, f"line {line:,} has {len(row)}, not {len(raw.columns)}")
            continue
        for position, column, whole in typed:
            cell = row[position]
            # Most cells are plain digits or empty: settled before anything is parsed.
            if not cell or (cell.isdecimal() and len(cell) < len(str(LARGEST_WHOLE_NUMBER))):
                continue
            check = _number_fault(cell, whole=whole)
            if check:
                faults.add(check, column, f"line {line:,}: {shown(cell)}")
    return [_violation(raw, check, column, fault) for (check, column), fault in faults.by_check.items()]


def _typed_columns(raw: RawTable) -> list[tuple[int, str, bool]]:
    """Position, name and whether only whole numbers fit, for the columns that hold numbers."""
    kinds = [(position, name, str(column.dtype)) for position, (name, column) in enumerate(raw.schema.columns.items())]
    return [(position, name, kind == "int64") for position, name, kind in kinds if kind != "string"]


def _rows(path: Path, faults: _Faults) -> Iterator[tuple[int, list[str]]]:
    """The rows under the header that can be split into fields, each with the number of its last line."""
    lines = _Lines(path, faults)
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            faults.add("quoting", None, f"line {lines.number:,}")
            continue
        if row is None:
            return
        if lines.number > 1:
            yield lines.number, row


class _Lines:
    """The lines of a file as text; blank and undecodable ones are noted on the way."""

    def __init__(self, path: Path, faults: _Faults) -> None:
        self.number = 0
        self._faults = faults
        self._lines = self._read(path)

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def _read(self, path: Path) -> Iterator[str]:
        with path.open("rb") as file:
            for self.number, line in enumerate(file, start=1):
                # A spreadsheet saves a blank row as separators alone.
                if not line.strip(b", \t\r\n"):
                    self._faults.add("blank_rows", None, f"line {self.number:,}")
                    continue
                try:
                    text = line.decode("utf-8-sig" if self.number == 1 else "utf-8")
                except UnicodeDecodeError:
                    self._faults.add("encoding", None, f"line {self.number:,}")
                    text = line.decode("latin-1")
                yield text


def _number_fault(cell: str, *, whole: bool) -> str | None:
    try:
        value = float(cell)
    except ValueError:
        return "type"
    if not whole:
        return None
    exact = math.isfinite(value) and value == math.trunc(value) and abs(value) < LARGEST_WHOLE_NUMBER
    return None if exact else "whole_number"


def _violation(raw: RawTable, check: str, column: str | None, fault: _Fault) -> Violation:
    noun, expected, remedy = _WORDS[check]
    where = f" of {raw.name}.{column}" if column else f" in {raw.file_name}"
    wrong = f" {_WRONG[check]}" if check in _WRONG else ""
    return Violation(
        table=raw.name,
        column=column,
        check=check,
        n_rows=fault.n,
        examples=tuple(fault.examples),
        found=f"{counted(fault.n, noun)}{where}{wrong} ({', '.join(fault.examples)})",
        expected=expected,
        remedy=remedy,
    )
