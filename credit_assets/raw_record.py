"""The record of a raw table: which file it was made of, by which code, and what the next one is compared with.

Here: its form, and where it is in the lake: beside the table. Keep out: what is compared (credit_risk.tables).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import duckdb
import orjson

import credit_risk.tables
import resources
from credit_risk.tables.profile import Profile
from resources.lake import Lake

# What reads and checks a file: another line of this code may read the same file otherwise.
INTAKE = {
    Path(str(resources.__file__)).parent: ("raw_files.py", "csv_*.py"),
    Path(str(credit_risk.tables.__file__)).parent: ("*.py",),
}


@dataclass(frozen=True)
class RawRecord:
    """What is known of a stored raw table.

    Attributes:
        sha256: of its CSV file, in hexadecimal.
        bytes: size of that file.
        intake: `intake_version` of the code that read it.
        profile: what the next version is compared with.
    """

    sha256: str
    bytes: int
    intake: str
    profile: Profile

    def is_of(self, csv: Path) -> bool:
        """Whether reading this file now would make the same table. Hashes it only when its size is the same."""
        if self.intake != intake_version() or not csv.is_file() or csv.stat().st_size != self.bytes:
            return False
        with csv.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


@cache
def intake_version() -> str:
    """What reads and checks CSV files: a hash of its code and of the engine's release."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for folder, patterns in INTAKE.items():
        for file in sorted(file for pattern in patterns for file in folder.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def record_file(table: str) -> str:
    """Where the record of a raw table is in the lake."""
    return f"raw/{table}.json"


def read_record(lake: Lake, table: str) -> RawRecord | None:
    """The record of a stored raw table; None without a table, or with a record of an older form."""
    try:
        values = orjson.loads(lake.read_bytes(record_file(table)))
        profile = Profile(values["rows"], values["missing"], values["levels"])
        return RawRecord(values["sha256"], values["bytes"], values["intake"], profile)
    except (FileNotFoundError, KeyError):
        return None


def write_record(lake: Lake, table: str, record: RawRecord) -> None:
    """Write the record: from now on the table is known under the digest of its file."""
    values = {"sha256": record.sha256, "bytes": record.bytes, "intake": record.intake, **asdict(record.profile)}
    lake.write_bytes(record_file(table), orjson.dumps(values))


def remove_record(lake: Lake, table: str) -> None:
    """Remove the record: until the next one the table is of no known file."""
    lake.remove(record_file(table))


def stored_rows(lake: Lake, tables: Iterable[str]) -> int:
    """How many rows some stored raw tables have together.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    return sum(int(orjson.loads(lake.read_bytes(record_file(table)))["rows"]) for table in tables)
