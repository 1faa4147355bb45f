"""Backups: the database as one snapshot shows it, the lake, and the decisions that still wait in the journal.

Here: the order in which they are copied, which is what makes them fit together. Keep out: bringing them back
(`restore`). Not in a backup, because it is made again: raw CSV files, Dagster's compute logs, caches of the service.

    1 journal    a decision leaves it only for the database, which is copied later; having both is harmless
    2 database   one snapshot of the schemas of the platform, of Dagster and of MLflow
    3 lake       after the database, because rows name files; a file that went meanwhile ends the backup
    4 manifest   without it there is no backup
"""

import hashlib
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from resources import postgres_programs
from resources.backup_manifest import DUMP, JOURNAL, LAKE, MANIFEST, BackupError, BackupFile, BackupManifest
from resources.code_version import code_version
from resources.database import Connection, Database
from resources.lake import PART, Lake, LakeFile
from resources.schema import SCHEMA, require_schema

SCHEMAS = (SCHEMA, "dagster", "mlflow")

# An object store answers in some 50 ms: so many files at a time keep a line busy, and a disk as well.
AT_ONCE = 8

PIECE = 1 << 20

SCRATCH = ".part-"

Progress = Callable[[str], None]


def back_up(
    database: Database, lake: Lake, journal: Path, target: Lake, *, force: bool = False, tell: Progress = lambda _: None
) -> BackupManifest:
    """Copy everything that cannot be made again into a folder or an object store. Services may go on.

    Args:
        database: as its owner, asked directly: a pooler in between knows no snapshots.
        lake: all of its files are copied.
        journal: folder of the service's journal; nothing when there is none.
        target: where to.
        force: replace what is there.
        tell: is told what begins.

    Raises:
        BackupError: something is there already, or the lake lost a file meanwhile.
        UnavailableError: the database or an object store does not answer.
    """
    _keep_apart(lake, target)
    require_schema(database)
    _make_room(target, force=force)
    with scratch(target, lake) as folder:
        tell("journal")
        files = [*_copy_journal(journal, target)]
        before = _names(lake)
        tell("database")
        with _snapshot(database) as (connection, snapshot):
            created_at = datetime.now(UTC).isoformat(timespec="seconds")
            dump = folder / DUMP
            postgres_programs.dump(database, SCHEMAS, snapshot, dump)
            tables, revision = count_rows(connection), schema_revision(connection)
            server_version = connection.info.server_version
        files.append(_put(dump, target, DUMP))
        tell("lake")
        files += _copy_lake(lake, target, before, folder)
    manifest = BackupManifest(
        created_at=created_at,
        code_version=code_version(),
        schema_revision=revision,
        server_version=server_version,
        lake=lake.uri("").rstrip("/"),
        tables=tables,
        files=sorted(files, key=lambda file: file.name),
    )
    target.write_bytes(MANIFEST, manifest.to_json())
    return manifest


def count_rows(connection: Connection) -> dict[str, int]:
    """Rows of every table of the platform's schemas, as this transaction sees them."""
    query = """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2
    """
    counts = {}
    for schema, table in connection.execute(query, [list(SCHEMAS)]).fetchall():
        row = connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()  # noqa: S608  # names from the catalogue
        assert row is not None
        counts[f"{schema}.{table}"] = int(row[0])
    return counts


def schema_revision(connection: Connection) -> str:
    """Revision of the platform's tables."""
    row = connection.execute(f"SELECT version_num FROM {SCHEMA}.alembic_version").fetchone()  # noqa: S608  # our own name
    assert row is not None
    return str(row[0])


def hashed_copy(source: Lake, name: str, folder: Path) -> tuple[Path, BackupFile]:
    """Fetch a file of a lake, and say what was fetched. Raises FileNotFoundError, UnavailableError."""
    sha256, size, local = hashlib.sha256(), 0, folder / uuid.uuid4().hex
    with source.opened(name) as file, local.open("xb") as copy:
        while piece := file.read(PIECE):
            sha256.update(piece)
            size += len(piece)
            copy.write(piece)
    return local, BackupFile(name, size, sha256.hexdigest())


@contextmanager
def scratch(*places: Lake) -> Iterator[Path]:
    """A folder for files on their way: in the first place that is one, because a container's /tmp may hold little."""
    root = next((Path(place.root) for place in places if place.is_local), None)
    if root is not None:
        root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=SCRATCH) as folder:
        yield Path(folder)


def _keep_apart(lake: Lake, target: Lake) -> None:
    ours, theirs = lake.uri(""), target.uri("")
    if ours.startswith(theirs) or theirs.startswith(ours):
        raise BackupError(
            f"a backup at {theirs} and the lake at {ours}, one within the other",
            expected="a place apart from the lake",
            remedy="name another one, best on another machine",
        )


def _make_room(target: Lake, *, force: bool) -> None:
    found = files_at(target)
    if found and not force:
        raise BackupError(
            f"{len(found)} files at {target.uri('').rstrip('/')}",
            expected="an empty or new place for a backup",
            remedy="name another one, or replace what is there with --force",
        )
    if target.is_local:
        # Decisions about people: for this user alone.
        Path(target.root).mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its manifest first: from here on it is no backup.
    for file in sorted(found, key=lambda file: file.name != MANIFEST):
        target.remove(file.name)


@contextmanager
def _snapshot(database: Database) -> Iterator[tuple[Connection, str]]:
    """A transaction that sees one moment, and the name under which `pg_dump` sees the same."""
    with database.connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield connection, str(row[0])


def _copy_journal(journal: Path, target: Lake) -> Iterator[BackupFile]:
    for file in sorted(journal.glob("[0-9]*")) if journal.is_dir() else ():
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            # Shipped since the folder was listed: its decisions are in the database.
            continue
        if content:
            name = f"{JOURNAL}{file.name}"
            target.write_bytes(name, content)
            yield BackupFile(name, len(content), hashlib.sha256(content).hexdigest())


def _copy_lake(lake: Lake, target: Lake, before: set[str], folder: Path) -> Iterable[BackupFile]:
    now = _names(lake)
    lost = sorted(before - now)

    def copy(name: str) -> BackupFile | None:
        try:
            local, file = hashed_copy(lake, name, folder)
        except FileNotFoundError:
            lost.append(name)
            return None
        target.put_file(local, f"{LAKE}{name}")
        return BackupFile(f"{LAKE}{name}", file.bytes, file.sha256)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        copied = [file for file in pool.map(copy, sorted(now)) if file is not None]
    if lost:
        raise BackupError(
            f"{len(lost)} files that went from the lake during the backup, {lost[0]} among them",
            expected="a lake of which nothing is removed meanwhile",
            remedy="make the backup again when pruning, erasing and archiving are over",
        )
    return copied


def files_at(place: Lake) -> list[LakeFile]:
    """Every file; what a killed run left half written belongs to nobody."""
    return [file for file in place.files("") if not file.name.endswith(PART) and not file.name.startswith(SCRATCH)]


def _names(lake: Lake) -> set[str]:
    return {file.name for file in files_at(lake)}


def _put(local: Path, target: Lake, name: str) -> BackupFile:
    with local.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = local.stat().st_size
    target.put_file(local, name)
    return BackupFile(name, size, sha256)
