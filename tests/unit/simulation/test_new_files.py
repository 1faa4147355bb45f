"""Files that appear all at once, in a folder that may be unfit for them."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from credit_risk.errors import SettingsError
from simulation.new_files import new_files

NAMES = ("one.csv", "two.csv")


def write(out: Path, *, overwrite: bool = False, text: str = "new", room: int = 100) -> None:
    with new_files(out, NAMES, room, overwrite=overwrite) as work:
        for name in NAMES:
            (work / name).write_text(text, encoding="utf-8")


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """The system refuses to let any file grow beyond this, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_files_appear_in_a_folder_that_is_made_for_them(tmp_path):
    write(tmp_path / "deep" / "folder")
    assert contents(tmp_path / "deep" / "folder") == dict.fromkeys(NAMES, "new")


def test_what_is_no_file_of_the_portfolio_is_dropped(tmp_path):
    with new_files(tmp_path, NAMES, 100, overwrite=False) as work:
        for name in (*NAMES, "scratch"):
            (work / name).touch()
    assert set(contents(tmp_path)) == set(NAMES)


def test_files_that_are_there_are_named_and_kept(tmp_path):
    (tmp_path / "two.csv").write_text("the real one", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"found 1 of the CSV files in .*: two.csv; .*real Kaggle files"):
        write(tmp_path)
    assert contents(tmp_path) == {"two.csv": "the real one"}


def test_files_are_replaced_when_that_is_asked_for(tmp_path):
    write(tmp_path, text="old")
    write(tmp_path, overwrite=True)
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")


def test_a_link_to_an_unplugged_drive_is_a_file_that_is_there(tmp_path):
    (tmp_path / "one.csv").symlink_to(tmp_path / "unplugged" / "one.csv")
    with pytest.raises(SettingsError, match=r"one\.csv; .*real Kaggle files"):
        write(tmp_path)
    assert (tmp_path / "one.csv").is_symlink()


def test_files_that_somebody_put_there_in_the_meantime_are_kept(tmp_path):
    def while_another_copies() -> None:
        with new_files(tmp_path, NAMES, 100, overwrite=False) as work:
            for name in NAMES:
                (work / name).touch()
            (tmp_path / "one.csv").write_text("the real one", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"one\.csv; .*real Kaggle files"):
        while_another_copies()
    assert contents(tmp_path) == {"one.csv": "the real one"}


def test_no_file_appears_when_one_of_them_cannot(tmp_path):
    (tmp_path / "two.csv").mkdir()
    with pytest.raises(SettingsError, match=r"cannot be written \(Is a directory\)"):
        write(tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["two.csv"]


def test_too_little_room_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(SettingsError, match=r"found .* GB free for .*; expected 1,000,000,000\.0 GB"):
        write(tmp_path, room=10**18)
    assert contents(tmp_path) == {}


def test_a_disk_that_fills_up_is_one_clear_error_and_leaves_nothing(tmp_path):
    with largest_file(1_000), pytest.raises(SettingsError, match=r"cannot be written \(File too large\).*make room"):
        write(tmp_path, text="x" * 10_000)
    assert contents(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"cannot be written \(.*\); expected a folder that can be written"):
        write(tmp_path / "file" / "folder")


def test_an_interrupted_block_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with new_files(tmp_path, NAMES, 100, overwrite=False) as work:
            (work / "one.csv").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert contents(tmp_path) == {}


def test_a_reader_that_went_away_is_not_blamed_on_the_folder(tmp_path):
    def into_a_closed_pipe() -> None:
        with new_files(tmp_path, NAMES, 100, overwrite=False):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError, match="Broken pipe"):
        into_a_closed_pipe()
