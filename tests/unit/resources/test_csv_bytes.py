"""The fingerprint of a file: its hash, and how its lines end."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.tables.catalogue import TABLES
from resources import csv_bytes
from resources.csv_bytes import byte_violations, fingerprint

BALANCE = TABLES["bureau_balance"]


def odd_quotes(content):
    """Quotes that do not take turns to stand before and after a whole field, one by one."""
    odd, padded = 0, b"\n" + content + b"\n"
    at = [i for i, byte in enumerate(padded) if byte == ord('"')]
    for turn, i in enumerate(at):
        opens, closes = padded[i - 1] in b",\n", padded[i + 1] in b",\n\r"
        odd += (opens, closes) != ((True, False) if turn % 2 == 0 else (False, True))
    return odd + len(at) % 2


@given(content=st.lists(st.sampled_from([b"\n", b"\r", b'"', b",", b"0", b"x", b"X", b"\0", b"ab"])).map(b"".join))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_make_no_difference(tmp_path, monkeypatch, content):
    monkeypatch.setattr(csv_bytes, "CHUNK_BYTES", 7)
    path = tmp_path / "file"
    path.write_bytes(content)
    found = fingerprint(path)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    counts = [content.count(byte) for byte in (b"\n", b"\r", b"\0")]
    assert [found.line_feeds, found.carriage_returns, found.null_bytes] == counts
    assert (found.size, found.ends_with_line_feed) == (len(content), content.endswith(b"\n"))
    assert found.hexadecimals == content.lower().count(b"0x")
    assert found.odd_quotes == odd_quotes(content)


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


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n",
        b"a,b\r\n1,2\r\n",
        b'"a",b\n"Spouse, partner","x"\n',
        b'1,""\n',
        b'"a",b\r\n1,"Spouse, partner"\r\n',
    ],
)
def test_whole_fields_may_be_quoted_in_a_plain_file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert fingerprint(path).is_plain


@pytest.mark.parametrize(
    "content",
    [
        b"a,b",
        b"a,b\r\n1,2\n",
        b"a,\0\n",
        b"1,0x1F\n",
        b"1,0X1F\n",
        b'1,"a"b\n',
        b'1,"a" \n',
        b'1,a"b\n',
        b'1,"a""b"\n',
        b'1,"a\n',
        b'1,"a\n2",b\n"\n',
        b'","\n',
    ],
)
def test_what_a_lenient_reader_would_take_amiss_is_not_plain(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not fingerprint(path).is_plain
