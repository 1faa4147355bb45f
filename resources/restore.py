"""Bringing a backup back: checked first, then the lake and the journal, then the database in one transaction.

Here: what may be replaced, and addresses of a lake that is elsewhere now. Keep out: how backups are made (`backup`).

The database comes last and all at once: a restore that is cut short has brought files that nothing names yet, and is
run again.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from resources import postgres_programs, schema
from resources.backup import AT_ONCE, PIECE, SCHEMAS, Progress, count_rows, files_at, hashed_copy, scratch
from resources.backup_manifest import DUMP, JOURNAL, LAKE, MANIFEST, BackupError, BackupFile, BackupManifest
from resources.database import Database
from resources.lake import Lake

# Whoever still uses a table keeps it from being replaced: told after so long rather than waited for.
LOCK_TIMEOUT = "30s"

# Offenders that are named; more of them say no more.
SHOWN = 5

# Where MLflow keeps full addresses of the lake.
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}


def read_manifest(source: Lake) -> BackupManifest:
    """What a backup says of itself.

    Raises:
        BackupError: it is none.
    """
    try:
        text = source.read_bytes(MANIFEST)
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"no {MANIFEST} at {source.uri('').rstrip('/')}",
            expected="a whole backup, whose manifest is written last",
            remedy="name the folder that `credit backup` wrote, or use an older backup",
        ) from None
    return BackupManifest.from_json(text)


def verify(source: Lake, manifest: BackupManifest) -> None:
    """Every file is there and as it was written.

    Raises:
        BackupError: says how many are not, and names some.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = [fault for fault in pool.map(lambda file: _fault(source, file), manifest.files) if fault]
    if faults:
        raise BackupError(
            f"{len(faults)} of {len(manifest.files)} files of the backup at fault: {'; '.join(faults[:SHOWN])}",
            expected="the files that were written",
            remedy="use another copy of this backup, or an older one",
        )


def restore(
    source: Lake, database: Database, lake: Lake, journal: Path, *, force: bool = False, tell: Progress = lambda _: None
) -> BackupManifest:
    """Make database, lake and journal what they were. Services must not run.

    With `force` the tables are replaced as a whole and files by name; files that the backup does not have stay.

    Raises:
        BackupError: the backup is not whole, or newer than this code, or something is there already.
        UnavailableError: the database or an object store does not answer, or services hold its tables.
    """
    manifest = read_manifest(source)
    _check_revision(manifest)
    if not force:
        _check_empty(database, lake, journal)
    tell("checking the backup")
    verify(source, manifest)
    with scratch(lake) as folder:
        tell("lake")
        _bring(source, manifest, LAKE, folder, lake.put_file)
        tell("journal")
        journal.mkdir(parents=True, exist_ok=True)
        _bring(source, manifest, JOURNAL, folder, lambda local, name: _place(local, journal / name))
        tell("database")
        dump, _ = hashed_copy(source, DUMP, folder)
        _restore_database(database, dump, manifest, lake)
    schema.upgrade(database, datetime.now(UTC).date())
    return manifest


def _restore_database(database: Database, dump: Path, manifest: BackupManifest, lake: Lake) -> None:
    first = [f"SET lock_timeout = '{LOCK_TIMEOUT}'"]
    first += [f'DROP SCHEMA IF EXISTS "{name}" CASCADE' for name in SCHEMAS]
    postgres_programs.restore(database, dump, first, _moved(manifest.lake, lake.uri("").rstrip("/"), manifest.tables))
    with database.connect() as connection:
        _check_counts(manifest.tables, count_rows(connection))


def _moved(old: str, new: str, tables: Mapping[str, int]) -> list[str]:
    """Statements that let MLflow find its files where the lake is now."""
    if old == new:
        return []
    statements = []
    for table, columns in ADDRESSES.items():
        if f"mlflow.{table}" in tables:
            for column in columns:
                statement = sql.SQL(
                    "UPDATE mlflow.{table} SET {column} = {new} || substr({column}, {length})"
                    " WHERE {column} = {old} OR starts_with({column}, {folder})"
                ).format(
                    table=sql.Identifier(table),
                    column=sql.Identifier(column),
                    new=sql.Literal(new),
                    old=sql.Literal(old),
                    folder=sql.Literal(f"{old}/"),
                    length=sql.Literal(len(old) + 1),
                )
                statements.append(statement.as_string())
    return statements


def _check_revision(manifest: BackupManifest) -> None:
    known = _known_revisions()
    if manifest.schema_revision not in known:
        raise BackupError(
            f"a backup of schema revision {manifest.schema_revision}, made by {manifest.code_version}",
            expected=f"one of {', '.join(sorted(known))}",
            remedy="restore it with the version of the platform that made it, or a newer one",
        )


def _known_revisions() -> set[str]:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _check_empty(database: Database, lake: Lake, journal: Path) -> None:
    with database.connect() as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(SCHEMAS)])
        found = [f"schema {name} in {database.safe_url}" for (name,) in rows.fetchall()]
    if files := files_at(lake):
        found.append(f"{len(files)} files at {lake.uri('').rstrip('/')}")
    if waiting := sorted(journal.glob("[0-9]*")):
        found.append(f"{len(waiting)} files in {journal}")
    if found:
        raise BackupError(
            "; ".join(found),
            expected="an empty database, lake and journal",
            remedy="use others, or replace these with --force when no service runs",
        )


def _check_counts(expected: Mapping[str, int], found: Mapping[str, int]) -> None:
    wrong = [
        f"{table}: {found.get(table, 0)} of {rows}" for table, rows in expected.items() if found.get(table) != rows
    ]
    if wrong:
        raise BackupError(
            f"{len(wrong)} tables with other numbers of rows: {'; '.join(wrong[:SHOWN])}",
            expected="those of the backup",
            remedy="stop whatever writes into this database and restore again with --force",
        )


def _fault(source: Lake, file: BackupFile) -> str | None:
    sha256 = hashlib.sha256()
    try:
        with source.opened(file.name) as content:
            while piece := content.read(PIECE):
                sha256.update(piece)
    except FileNotFoundError:
        return f"{file.name} is missing"
    return None if sha256.hexdigest() == file.sha256 else f"{file.name} has changed"


def _bring(
    source: Lake, manifest: BackupManifest, folder: str, scratch_folder: Path, put: Callable[[Path, str], object]
) -> None:
    def bring(file: BackupFile) -> None:
        local, _ = hashed_copy(source, file.name, scratch_folder)
        put(local, file.name.removeprefix(folder))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(bring, [file for file in manifest.files if file.name.startswith(folder)]))


def _place(local: Path, target: Path) -> None:
    """A whole file or none, on disk: the journal is what decisions rest on."""
    temporary = target.with_name(f".{target.name}")
    temporary.write_bytes(local.read_bytes())
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)
    local.unlink()
