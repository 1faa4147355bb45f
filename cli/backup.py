"""`credit backup` and `credit restore`: everything that cannot be made again, out and back.

Here: which places, and what people read about it. Keep out: what is copied in which order (`resources.backup`,
`resources.restore`).
"""

import shutil
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.console import console, errors
from resources.settings import load_settings

if TYPE_CHECKING:
    from resources.backup_manifest import BackupManifest

DECISIONS = "credit.decisions"


def backup(
    destination: Annotated[str, typer.Argument(help="a new folder, or s3://bucket/prefix")],
    force: Annotated[bool, typer.Option("--force", help="replace what is there")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Copy the database, the lake and waiting decisions to a place of their own. Services may go on."""
    from resources.backup import back_up
    from resources.database import open_database
    from resources.lake import Lake

    settings = load_settings()
    target, lake = Lake(destination), Lake(settings.lake_root)
    manifest = back_up(open_database(settings), lake, settings.journal_dir, target, force=force, tell=_tell)
    console.print(f"backed up to {escape(target.uri('').rstrip('/'))}: {_described(manifest)}", soft_wrap=True)


def restore(
    source: Annotated[str, typer.Argument(help="what `credit backup` wrote")],
    force: Annotated[bool, typer.Option("--force", help="replace tables and files that are there")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Check a backup and bring it back, all of it or nothing of the database. Stop the services first."""
    from resources.database import open_database
    from resources.lake import Lake
    from resources.restore import restore as bring_back

    settings = load_settings()
    place, lake = Lake(source), Lake(settings.lake_root)
    manifest = bring_back(place, open_database(settings), lake, settings.journal_dir, force=force, tell=_tell)
    # Copies of a model and of answers that are younger than the backup would be believed.
    shutil.rmtree(settings.home / "serving", ignore_errors=True)
    console.print(f"restored the state of {manifest.created_at}: {_described(manifest)}", soft_wrap=True)
    console.print("Check it: credit replay --sample 100. Clients erased since then are back: erase them again.")


def _tell(what: str) -> None:
    errors.print(f"{what} ...")


def _described(manifest: "BackupManifest") -> str:
    decisions = manifest.tables.get(DECISIONS, 0)
    return f"{decisions} decisions in PostgreSQL, {len(manifest.files)} files, {manifest.size / 2**20:.1f} MB"
