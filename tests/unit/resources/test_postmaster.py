import os

import pytest

from credit_risk.errors import SettingsError
from resources import embedded_postgres, postmaster


@pytest.fixture
def data_dir(tmp_path):
    (folder := tmp_path / "postgres").mkdir()
    return folder


def test_an_empty_or_absent_folder_may_become_a_data_folder(data_dir):
    postmaster.check_folder(data_dir)
    postmaster.check_folder(data_dir / "absent")


@pytest.mark.parametrize(("version", "shown"), [("16", "16"), ("19", "19"), ("", r"\?")])
def test_data_of_another_version_are_refused(data_dir, version, shown):
    (data_dir / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(SettingsError, match=f"a data folder of PostgreSQL {shown} in .*expected PostgreSQL 18"):
        embedded_postgres.attach(data_dir)


def test_foreign_files_are_refused_and_left_alone(data_dir):
    (data_dir / "thesis.txt").write_text("mine")
    with pytest.raises(SettingsError, match="files but no PG_VERSION"):
        embedded_postgres.attach(data_dir)
    assert [path.name for path in data_dir.iterdir()] == ["thesis.txt"]


def test_a_file_instead_of_a_folder_is_refused(tmp_path):
    (tmp_path / "postgres").write_text("")
    with pytest.raises(SettingsError, match=r"cannot be read as a folder \(Not a directory\)"):
        embedded_postgres.attach(tmp_path / "postgres")


def test_a_folder_whose_lock_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(SettingsError, match="which cannot be written"):
        embedded_postgres.attach(tmp_path / "home" / "postgres")


def test_no_server_runs_in_a_folder_without_a_pid_file(data_dir):
    assert postmaster.find(data_dir) is None
    assert not embedded_postgres.is_running(data_dir / "absent")


@pytest.mark.parametrize("content", ["", "\n", "garbage", "{pid}\n", "{pid}\n" + "x\n" * 7, "1"])
def test_a_pid_file_of_another_process_is_no_server(data_dir, content):
    (data_dir / "postmaster.pid").write_text(content.format(pid=os.getpid()))
    assert postmaster.find(data_dir) is None


def test_stopping_what_does_not_run_leaves_no_trace(tmp_path):
    assert not embedded_postgres.stop(tmp_path / "home" / "postgres")
    assert not embedded_postgres.leave(tmp_path / "home" / "postgres")
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_any_folder_is_encoded():
    server = postmaster.Postmaster(1, socket_dir="/a b/c+d/e%f/g?h#i&j", ready=True)
    assert server.url("credit") == "postgresql://postgres@:5432/credit?host=/a%20b/c%2Bd/e%25f/g%3Fh%23i%26j"
