"""What a backup says of itself: its files with their hashes, and how many rows each table had.

Here: the record, and its form as JSON. It is written last, so that what was cut short is no backup. Keep out: making
a backup (`backup`), and bringing one back (`restore`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from credit_risk.errors import CreditError

MANIFEST = "manifest.json"
DUMP = "database.dump"
LAKE = "lake/"
JOURNAL = "journal/"

# Raised when a reader of the old form could not read the new one.
FORM = 1


class BackupError(CreditError):
    """What was found is no backup, not a whole one, or may not be replaced."""


@dataclass(frozen=True)
class BackupFile:
    """One file of a backup; `name` is relative to its root."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class BackupManifest:
    """A whole backup.

    Attributes:
        created_at: when its snapshot was taken, ISO 8601, UTC.
        code_version: of the platform that made it.
        schema_revision: of the tables in it.
        server_version: of PostgreSQL, such as 180004.
        lake: address of the lake that its files come from.
        tables: rows by table in the snapshot.
        files: all but the manifest.
    """

    created_at: str
    code_version: str
    schema_revision: str
    server_version: int
    lake: str
    tables: Mapping[str, int]
    files: Sequence[BackupFile]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files)

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        return json.dumps({"form": FORM, **asdict(self)}, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> "BackupManifest":
        """Read a manifest.

        Raises:
            BackupError: it is none, or of another form.
        """
        try:
            found: dict[str, Any] = json.loads(text)
            form = found.pop("form")
            files = [BackupFile(**file) for file in found.pop("files")]
            manifest = cls(files=files, **found)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unreadable(f"{MANIFEST} that cannot be read ({type(error).__name__})") from None
        if form != FORM:
            raise _unreadable(f"a backup of form {form}")
        return manifest


def _unreadable(found: str) -> BackupError:
    return BackupError(
        found, expected=f"a backup of form {FORM}", remedy="use the version of the platform that made it"
    )
