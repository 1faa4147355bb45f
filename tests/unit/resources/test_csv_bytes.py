"""The fingerprint of a file: its hash, and how its lines end."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.tables.catalogue import TABLES
from resources import csv_bytes
from resources.csv_bytes import byte_violations, fingerprint

BALANCE = TABLES["bureau_balance"]


@given(content=st.binary(max_size=200).map(lambda content: content.replace(b"a", b"\n").replace(b"b", b"\r")))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_make_no_difference(tmp_path, monkeypatch, content):
    monkeypatch.setattr(csv_bytes, "CHUNK_BYTES", 7)
    path = tmp_path / "file"
    path.write_bytes(content)
    found = fingerprint(path)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.size, found.line_feeds, found.carriage_returns, found.null_bytes) == (
        len(content),
        content.count(b"\n"),
        content.count(b"\r"),
        content.count(b"\0"),
    )


@pytest.mark.parametrize(("content", "lines"), [(b"a\nb\n", 2), (b"a\nb", 2), (b"a\r\n", 1)])
def test_a_last_line_counts_with_and_without_its_end(tmp_path, content, lines):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert fingerprint(path).lines == lines


@pytest.mark.parametrize(
    ("content", "checks"),
    [
        (b"a\nb\n", []),
        (b"a\r\nb\r\n", []),
        (b"a\r\nb\n", ["line_ends"]),
        (b"a\rb\r", ["line_ends"]),
        (b"a\0\n", ["null_bytes"]),
    ],
)
def test_mixed_line_ends_and_zero_bytes_are_found(tmp_path, content, checks):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert [violation.check for violation in byte_violations(fingerprint(path), BALANCE)] == checks
