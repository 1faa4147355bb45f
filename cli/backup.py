"""`credit backup` and `credit restore`: everything that cannot be made again, out and back.

Here: which places, and what people read about it. Keep out: what is copied in which order (`resources.backup`,
`resources.restore`).
"""

import shutil

from rich.markup import escape

from cli.console import console, errors
from credit_risk.errors import SettingsError
from resources import backup, restore
from resources.backup_manifest import BackupManifest
from resources.database import open_database
from resources.lake import Lake
from resources.settings import load_settings

DECISIONS = "credit.decisions"


def back_up(destination: str, *, force: bool) -> None:
    """Make a backup and say what is in it. Raises as `resources.backup.back_up` does."""
    settings = load_settings()
    target = _place(destination)
    lake = Lake(settings.lake_root)
    manifest = backup.back_up(
        open_database(settings), lake, settings.journal_dir, target, force=force, tell=_tell
    )
    console.print(f"backed up to {escape(target.uri('').rstrip('/'))}: {_described(manifest)}", soft_wrap=True)


def restore_from(source: str, *, force: bool) -> None:
    """Bring a backup back and say what came. Raises as `resources.restore.restore` does."""
    settings = load_settings()
    manifest = restore.restore(
        _place(source), open_database(settings), Lake(settings.lake_root), settings.journal_dir, force=force, tell=_tell
    )
    # Copies of a model and of answers that are younger than the backup would be believed.
    shutil.rmtree(settings.home / "serving", ignore_errors=True)
    console.print(f"restored the state of {manifest.created_at}: {_described(manifest)}", soft_wrap=True)
    console.print("Check it: credit replay --sample 100. Clients erased since then are back: erase them again.")


def _tell(what: str) -> None:
    errors.print(f"{what} ...")


def _described(manifest: BackupManifest) -> str:
    decisions = manifest.tables.get(DECISIONS, 0)
    size = manifest.bytes / 2**20
    return f"{decisions} decisions in PostgreSQL, {len(manifest.files)} files, {size:.1f} MB"


def _place(address: str) -> Lake:
    if not address.strip():
        raise SettingsError("no place for a backup", expected="a folder or s3://bucket/prefix", remedy="name one")
    return Lake(address)
