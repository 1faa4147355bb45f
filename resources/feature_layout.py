"""The files of the feature store: their names, and what a list of them amounts to.

Here: names, which versions are complete, which files belong to none. Keep out: reading and
removing (`feature_store`), and which versions may go (`feature_pruning`).
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from resources.lake import PART, LakeFile

FOLDER = "features"
DATA, RECORD = ".parquet", ".json"
POINTER = "newest.json"


def data_file(table: str, version: str) -> str:
    """Name of a version's data in the lake."""
    return f"{FOLDER}/{table}/{version}{DATA}"


def record_file(table: str, version: str) -> str:
    """Name of a version's record, which is written after its data and removed before them."""
    return f"{FOLDER}/{table}/{version}{RECORD}"


def pointer_file(table: str) -> str:
    """Name of the file that says which version of a table is accepted."""
    return f"{FOLDER}/{table}/{POINTER}"


def complete(files: Sequence[LakeFile]) -> dict[tuple[str, str], int]:
    """Bytes of data and record of every complete version, by table and version."""
    sizes = {file.name: file.bytes for file in files}
    versions = [version_of(name) for name in sizes if name.endswith(DATA)]
    return {
        version: sizes[data_file(*version)] + sizes[record_file(*version)]
        for version in versions
        if record_file(*version) in sizes
    }


def leftovers(files: Sequence[LakeFile]) -> list[LakeFile]:
    """Files that a killed run may have left: parts, data without their record, a record without its data.

    What the store never wrote is not among them.
    """
    names = {file.name for file in files}
    return [file for file in files if _is_leftover(file.name, names)]


def version_of(name: str) -> tuple[str, str]:
    """Table and version of a file of data or of a record."""
    path = PurePosixPath(name)
    return path.parent.name, path.stem


def _is_leftover(name: str, names: set[str]) -> bool:
    path = PurePosixPath(name)
    if path.suffix == PART:
        return True
    if path.suffix == DATA:
        return record_file(*version_of(name)) not in names
    return path.suffix == RECORD and path.name != POINTER and data_file(*version_of(name)) not in names
