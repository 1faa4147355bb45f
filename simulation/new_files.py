"""A folder for new files: they appear in it all at once or not at all, and replace nothing unasked.

Here: what can be wrong with a folder, before, while and after it is written into. Keep out: what
the files hold (kaggle_csv).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from credit_risk.errors import SettingsError

# What is in a folder of this name belongs to a run that goes on, or was killed.
UNFINISHED = ".unfinished-portfolio-"


@contextmanager
def new_files(out: Path, names: Sequence[str], room: int, *, overwrite: bool) -> Iterator[Path]:
    """A working folder beside the files to be, which move to `out` together once the block ends well.

    Args:
        out: where the files appear, made when it is missing.
        names: the files that the block writes into the working folder; anything else in it is dropped.
        room: bytes that they will about take.
        overwrite: replace files of these names that are in `out` already.

    Raises:
        SettingsError: `out` holds such files already and `overwrite` is off, has no room, or cannot be written.
    """
    if not overwrite:
        _refuse_to_replace(out, names)
    with _clear_storage_errors(out, room):
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=out))
    try:
        _refuse_without_room(out, room)
        with _clear_storage_errors(out, room):
            yield work
        # Somebody may have put files there in the meantime.
        if not overwrite:
            _refuse_to_replace(out, names)
        with _clear_storage_errors(out, room):
            _move(names, work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_to_replace(out: Path, names: Sequence[str]) -> None:
    # A link that leads nowhere is there as well: its drive may be unplugged.
    present = [name for name in names if os.path.lexists(out / name)]
    if present:
        raise SettingsError(
            f"{len(present)} of the CSV files in {out}: {', '.join(present)}",
            expected="a folder without them: these could be the real Kaggle files",
            remedy="choose another folder, or ask to overwrite (--overwrite)",
            fields={"out": str(out), "present": present},
        )


def _refuse_without_room(out: Path, room: int) -> None:
    free = shutil.disk_usage(out).free
    if free < room:
        raise SettingsError(
            f"{_size(free)} free for {out}",
            expected=f"{_size(room)} for that many clients",
            remedy="make room, choose another folder, or ask for fewer clients",
            fields={"out": str(out), "free": free, "room": room},
        )


@contextmanager
def _clear_storage_errors(out: Path, room: int) -> Iterator[None]:
    """One clear error for what disk and permissions have to say."""
    try:
        yield
    except BrokenPipeError:
        # The terminal's, not the folder's: whoever read our output went away.
        raise
    except (OSError, duckdb.IOException) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SettingsError(
            f"{out}, which cannot be written ({reason})",
            expected=f"a folder that can be written, with {_size(room)} free",
            remedy="make room or choose another folder",
            fields={"out": str(out), "room": room},
        ) from error


def _move(names: Sequence[str], work: Path, out: Path) -> None:
    """Rename all files, or leave none of them behind: half a portfolio could pass for a whole one."""
    moved: list[Path] = []
    try:
        for name in names:
            (work / name).replace(out / name)
            moved.append(out / name)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        raise


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.0f} MB"  # noqa: PLR2004  # a gigabyte
