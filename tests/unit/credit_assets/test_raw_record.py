"""The record of a raw table: kept whole, and believed only for the same file read by the same code."""

import hashlib

import pytest

from credit_assets import raw_record
from credit_assets.raw_record import (
    RawRecord,
    intake_version,
    read_record,
    record_file,
    remove_record,
    stored_rows,
    write_record,
)
from credit_risk.tables.profile import Profile
from resources.lake import Lake

CSV = b"SK_ID_CURR\n1\n"


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def csv(tmp_path):
    file = tmp_path / "bureau.csv"
    file.write_bytes(CSV)
    return file


def record(**changes):
    profile = Profile(3, {"AMT": 0.25}, {"STATE": {"Active": 2, "Closed": 1}})
    values = {"sha256": hashlib.sha256(CSV).hexdigest(), "bytes": len(CSV), "intake": intake_version()}
    return RawRecord(**(values | {"profile": profile} | changes))


def test_a_record_is_read_as_it_was_written(lake):
    write_record(lake, "bureau", record())
    assert read_record(lake, "bureau") == record()


def test_without_a_table_there_is_no_record(lake):
    assert read_record(lake, "bureau") is None
    write_record(lake, "bureau", record())
    remove_record(lake, "bureau")
    assert read_record(lake, "bureau") is None


def test_a_record_of_an_older_form_is_none(lake):
    lake.write_bytes(record_file("bureau"), b'{"sha256": "aa", "rows": 3}')
    assert read_record(lake, "bureau") is None
    assert stored_rows(lake, ["bureau"]) == 3


def test_rows_of_tables_are_added_up(lake):
    write_record(lake, "application_train", record())
    write_record(lake, "application_test", record())
    assert stored_rows(lake, ["application_train", "application_test"]) == 6


def test_the_same_file_read_by_the_same_code_is_the_same_table(csv):
    assert record().is_of(csv)


def test_another_content_of_the_same_size_is_another_table(csv):
    csv.write_bytes(CSV.replace(b"1", b"2"))
    assert not record().is_of(csv)


def test_a_file_of_another_size_is_not_even_hashed(csv, monkeypatch):
    monkeypatch.setattr(raw_record.hashlib, "file_digest", lambda *_: pytest.fail("hashed"))
    csv.write_bytes(CSV + b"2\n")
    assert not record().is_of(csv)


def test_other_code_may_read_the_same_file_otherwise(csv):
    assert not record(intake="older").is_of(csv)


def test_a_file_that_is_gone_is_of_no_table(csv):
    csv.unlink()
    assert not record().is_of(csv)


def test_the_code_that_reads_files_is_what_names_its_version(tmp_path, monkeypatch):
    before = intake_version()
    (tmp_path / "csv_rows.py").write_text("other = True")
    monkeypatch.setattr(raw_record, "INTAKE", raw_record.INTAKE | {tmp_path: ("csv_*.py",)})
    # Past the cache, which must not keep this.
    assert intake_version.__wrapped__() != before
