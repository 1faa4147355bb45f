"""The first and the last bytes of a CSV file: whether it is the file that it should be.

Here: what can be told without reading the file: that it is there, that it is plain text, its header, its first
row, its end. Add a diagnosis when a file in the wild was refused with a message that did not help. Keep out:
anything that reads all rows (csv_rows, csv_faults).
"""

import csv
import io
from collections import Counter
from pathlib import Path

from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import Violation, counted, shown

# The widest header has 2,300 bytes: a first line beyond this is no header.
FIRST_LINES_BYTES = 1 << 16
NAMES_LISTED = 10

# What a file that is no CSV begins with, and what it is then.
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
    b"<": "a web page",
}
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

FETCH_AGAIN = "fetch the file again"


def file_violation(raw: RawTable, check: str, found: str, expected: str, remedy: str = FETCH_AGAIN) -> Violation:
    """A finding about a file as a whole."""
    return Violation(raw.name, None, check, 0, (), found, expected, remedy)


def outline_violations(path: Path, raw: RawTable) -> list[Violation]:
    """Why this cannot be the file of this table; empty when its rows are worth reading."""
    if not path.exists():
        return [_missing(path, raw)]
    if not path.is_file():
        return [file_violation(raw, "missing_file", f"a folder at {path}", f"the file {raw.file_name}")]
    try:
        with path.open("rb") as file:
            first = file.read(FIRST_LINES_BYTES)
    except OSError as error:
        return [
            file_violation(raw, "unreadable", f"{path}: {error.strerror}", "a readable file", "check its permissions")
        ]
    if not first.strip():
        size = path.stat().st_size
        return [file_violation(raw, "empty_file", f"{path} with {size:,} bytes and no header", "a header and rows")]
    for signature, what in SIGNATURES.items():
        if first.startswith(signature):
            remedy = f"unpack or export it as UTF-8 CSV named {raw.file_name}"
            return [file_violation(raw, "not_csv", f"{what} in {path.name}", "plain CSV text in UTF-8", remedy)]
    return _text_violations(first, raw)


def end_violations(path: Path, raw: RawTable) -> list[Violation]:
    """Whether the last line was cut off. A published file ends with a line break."""
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        if file.read(1) in {b"\n", b"\r"}:
            return []
    return [
        file_violation(
            raw,
            "last_line",
            f"no line break at the end of {path.name}: its last line may be cut off",
            "a line break after the last row",
            "fetch the file again; if you know that it is complete, end it with a line break",
        )
    ]


def _missing(path: Path, raw: RawTable) -> Violation:
    neighbours = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else []
    # bureau_balance.csv begins like bureau.csv, and is not meant.
    others = {table.file_name for table in TABLES.values()}
    similar = [name for name in neighbours if name.lower().startswith(path.stem.lower()) and name not in others]
    hint = f"; beside it: {', '.join(similar[:NAMES_LISTED])}" if similar else ""
    remedy = f"unpack or rename it to {path.name}" if similar else f"put {raw.file_name} there"
    return file_violation(raw, "missing_file", f"no file {path}{hint}", f"the file {raw.file_name}", remedy)


def _text_violations(first: bytes, raw: RawTable) -> list[Violation]:
    complete = first[: first.rfind(b"\n") + 1] or first
    try:
        # A byte-order mark is harmless: the reader skips it as this does.
        lines = complete.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = complete.count(b"\n", 0, error.start) + 1
        found = f"bytes in line {line} of {raw.file_name} that are not UTF-8"
        return [file_violation(raw, "encoding", found, "UTF-8 text", "export the file as UTF-8")]
    header = _cells(lines[0])
    violations = _header_violations(header, lines[0], raw)
    if violations or len(lines) == 1:
        return violations
    return _first_row_violations(_cells(lines[1]), raw)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _header_violations(header: list[str], line: str, raw: RawTable) -> list[Violation]:
    if header == list(raw.columns):
        return []
    layout = _layout_violation(header, line, raw)
    return _name_violations(header, raw) if layout is None else [layout]


def _layout_violation(header: list[str], line: str, raw: RawTable) -> Violation | None:
    """The header is right but for the way in which the file was written."""
    expected = list(raw.columns)
    first = raw.columns[0]
    if len(header) == 1:
        if _cells(header[0]) == expected:
            return _wrapped(raw)
        for delimiter, name in OTHER_DELIMITERS.items():
            if delimiter in line:
                remedy = "export the file with commas; mind that its decimals have points"
                return file_violation(raw, "delimiter", f"{name} between the columns", "commas", remedy)
    if header[1:] == expected:
        name = f"named {shown(header[0])}" if header[0] else "without a name"
        return _index_column(raw, f"a column {name} before {first}")
    if header and header[0].lstrip("-").replace(".", "", 1).isdigit():
        return file_violation(raw, "no_header", "numbers in the first line", "the names of the columns")
    other = next((table.name for table in TABLES.values() if list(table.columns) == header), None)
    if other:
        remedy = f"put the file of {raw.name} in its place"
        return file_violation(raw, "wrong_table", f"the columns of {other}", f"those of {raw.name}", remedy)
    return None


def _name_violations(header: list[str], raw: RawTable) -> list[Violation]:
    expected = list(raw.columns)
    parts = {
        "absent_columns": [name for name in expected if name not in header],
        "unexpected_columns": [name for name in header if name not in expected],
        "repeated_columns": [name for name, n in Counter(header).items() if n > 1],
    }
    violations = [
        Violation(
            table=raw.name,
            column=None,
            check=check,
            n_rows=0,
            examples=tuple(names),
            found=f"{counted(len(names), 'column')} {check.split('_')[0]}: {_listed(names)}",
            expected=f"the {len(expected)} columns of {raw.name} in their order",
            remedy=FETCH_AGAIN,
        )
        for check, names in parts.items()
        if names
    ]
    if violations:
        return violations
    at = next(i for i, (name, right) in enumerate(zip(header, expected, strict=True)) if name != right)
    found = f"{header[at]} as column {at + 1}"
    remedy = "put the columns back in their order"
    return [file_violation(raw, "column_order", found, f"{expected[at]} there", remedy)]


def _first_row_violations(row: list[str], raw: RawTable) -> list[Violation]:
    n_columns = len(raw.columns)
    if len(row) == 1 and len(_cells(row[0])) == n_columns > 1:
        return [_wrapped(raw)]
    if len(row) == n_columns + 1:
        found = f"{len(row)} fields in the first row under {n_columns} names"
        return [_index_column(raw, found)]
    return []


def _wrapped(raw: RawTable) -> Violation:
    remedy = "remove the quotes around the lines and the doubled quotes in them"
    return file_violation(raw, "wrapped_rows", "lines that are one quoted value each", "a value a column", remedy)


def _index_column(raw: RawTable, found: str) -> Violation:
    expected = f"{raw.columns[0]} as the first column"
    return file_violation(raw, "index_column", found, expected, "export the file without its row numbers")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_LISTED} more" if len(names) > NAMES_LISTED else ""
    return ", ".join(shown(name) for name in names[:NAMES_LISTED]) + more
