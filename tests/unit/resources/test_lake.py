import errno
import sys
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from credit_risk.errors import SettingsError
from resources.lake import Lake

# Another file system than the test folders' on most machines: a rename between them fails.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a file system, and a file of a random name


@pytest.fixture(params=["folder", "object store"])
def lake(request, tmp_path):
    """A lake of each kind; fsspec's memory file system speaks as an object store does."""
    return Lake(str(tmp_path / "lake") if request.param == "folder" else f"memory://{uuid.uuid4().hex}/lake")


@pytest.fixture
def frame():
    return pd.DataFrame({"SK_ID_CURR": [1, 2], "AMT": [0.5, None], "KIND": ["a", None]})


def test_bytes_come_back(lake):
    address = lake.write_bytes("reports/drift/day.html", b"<html>")
    assert lake.read_bytes("reports/drift/day.html") == b"<html>"
    assert lake.exists("reports/drift/day.html")
    assert address == lake.uri("reports/drift/day.html")
    assert address.startswith(("file:///", "memory:///"))


def test_a_frame_comes_back_or_some_of_its_columns(lake, frame):
    lake.write_frame("a/frame.parquet", frame)
    assert_frame_equal(lake.read_frame("a/frame.parquet"), frame)
    assert list(lake.read_frame("a/frame.parquet", ["AMT"]).columns) == ["AMT"]


def test_a_file_moves_into_the_lake(lake, tmp_path):
    (source := tmp_path / "computed.parquet").write_bytes(b"new")
    lake.write_bytes("raw/table.parquet", b"old")
    lake.put_file(source, "raw/table.parquet")
    assert lake.read_bytes("raw/table.parquet") == b"new"
    assert not source.exists()


def test_a_file_is_created_once(lake):
    assert lake.create_bytes("a/record.json", b"first")
    assert not lake.create_bytes("a/record.json", b"second")
    assert lake.read_bytes("a/record.json") == b"first"
    assert [file.name for file in lake.files("a")] == ["a/record.json"]


def test_of_many_that_create_a_file_at_once_one_does(tmp_path):
    lake = Lake(str(tmp_path))
    together, wrote = threading.Barrier(8), []

    def create(number: int) -> None:
        together.wait()
        if lake.create_bytes("record", f"{number}".encode()):
            wrote.append(number)

    threads = [threading.Thread(target=create, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [lake.read_bytes("record")] == [f"{number}".encode() for number in wrote]


def test_a_folder_without_hard_links_creates_files_too(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert Lake(str(tmp_path)).create_bytes("record", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def test_the_files_of_a_folder_are_listed_with_their_size(lake):
    lake.write_bytes("a/b/two", b"22")
    lake.write_bytes("a/one", b"1")
    lake.write_bytes("other", b"")
    assert [(file.name, file.bytes) for file in lake.files("a")] == [("a/b/two", 2), ("a/one", 1)]
    assert lake.files("nowhere") == []


def test_a_file_knows_when_it_was_written(lake):
    lake.write_bytes("a", b"1")
    assert abs(lake.modified("a") - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(FileNotFoundError):
        lake.modified("absent")


def test_what_is_not_there_is_a_file_not_found(lake):
    assert not lake.exists("absent.parquet")
    with pytest.raises(FileNotFoundError):
        lake.read_bytes("absent.parquet")
    with pytest.raises(FileNotFoundError):
        lake.read_frame("absent.parquet")


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="needs a second file system")
def test_a_file_moves_across_file_systems(tmp_path):
    source = SHARED_MEMORY / f"{uuid.uuid4().hex}.parquet"
    source.write_bytes(b"computed elsewhere")
    assert source.stat().st_dev != tmp_path.stat().st_dev
    lake = Lake(str(tmp_path))
    lake.put_file(source, "table.parquet")
    assert lake.read_bytes("table.parquet") == b"computed elsewhere"
    assert not source.exists()


def test_a_reader_sees_one_content_or_the_other_and_never_a_part(tmp_path):
    lake = Lake(str(tmp_path))
    contents = {b"a" * 1_000_000, b"b" * 1_000_000}
    lake.write_bytes("file", next(iter(contents)))
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(lake.read_bytes("file"))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for content in contents:
            lake.write_bytes("file", content)
    done.set()
    reader.join()
    assert seen <= contents


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    lake = Lake(str(tmp_path))
    lake.write_bytes("table.parquet", b"good")
    with pytest.raises(FileNotFoundError):
        lake.put_file(tmp_path / "absent", "table.parquet")
    assert lake.read_bytes("table.parquet") == b"good"
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


@pytest.mark.parametrize("root", ["/dev/null/lake", "/proc/lake"])
def test_a_lake_that_cannot_be_written_is_one_clear_error(root):
    with pytest.raises(SettingsError, match=f"CREDIT_LAKE={root}, where .* cannot be written"):
        Lake(root).write_bytes("reports/day.html", b"")


@pytest.mark.parametrize("root", ["ftpx://host/lake", "nosuch://bucket"])
def test_an_unknown_scheme_is_one_clear_error(root):
    with pytest.raises(SettingsError, match=f"CREDIT_LAKE={root}, which cannot be opened .*expected a folder, s3://"):
        Lake(root)


@pytest.mark.parametrize(("root", "driver"), [("s3://bucket/prefix", "s3fs"), ("gs://bucket/prefix", "gcsfs")])
def test_an_object_store_without_its_driver_says_what_to_install(root, driver, monkeypatch):
    # As if it were not installed, whether it is or not; fsspec remembers drivers that it has loaded.
    monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, root[:2], raising=False)
    with pytest.raises(SettingsError, match="install s3fs or gcsfs, or use a folder"):
        Lake(root)


def test_a_local_path_is_for_folders(tmp_path):
    lake = Lake(str(tmp_path))
    assert lake.is_local
    assert lake.local_path("raw/a.parquet") == tmp_path / "raw" / "a.parquet"
    with pytest.raises(SettingsError, match="a lake at memory://"):
        Lake("memory://lake").local_path("raw/a.parquet")


def test_folders_above_the_lake_do_not_become_columns(tmp_path, frame):
    lake = Lake(str(tmp_path / "env=prod" / "lake"))
    lake.write_frame("region=eu/frame.parquet", frame)
    assert_frame_equal(lake.read_frame("region=eu/frame.parquet"), frame)


def test_a_trailing_slash_and_a_file_address_mean_the_same_folder(tmp_path):
    Lake(f"{tmp_path}/").write_bytes("a", b"1")
    assert Lake(f"file://{tmp_path}").read_bytes("a") == b"1"


def test_an_engine_finds_a_file_of_a_folder_by_its_path(tmp_path):
    lake = Lake(f"file://{tmp_path}")
    assert lake.scan_address("raw/a.parquet") == f"{tmp_path}/raw/a.parquet"
    assert Lake("memory://lake").scan_address("raw/a.parquet") == "memory:///lake/raw/a.parquet"
