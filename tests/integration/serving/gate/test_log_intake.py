"""POST /internal/logs: every line kept, once, whatever its form, within bounds."""

import gzip
import json
import zlib
from datetime import UTC, datetime

import pytest

from serving import log_intake
from serving.log_intake import LogsAnswer

NDJSON = "application/x-ndjson"
LINE = {"timestamp": "2026-11-01T12:00:00Z", "level": "info", "event": "request", "message": "m", "status": 200}


@pytest.fixture
def send(desk):
    key = desk.make_key("admin")

    def post(content, media_type="application/json", **headers):
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        headers = {"X-API-Key": key, "Content-Type": media_type} | headers
        return desk.client.post("/internal/logs", content=content, headers=headers)

    return post


def counts(answer):
    assert answer.status_code == 200, answer.text
    LogsAnswer.model_validate(answer.json())
    return tuple(answer.json()[name] for name in ("received", "stored", "repeated", "unparsed"))


def refused(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["type"].removeprefix("urn:credit:problem:")


def stored(desk, columns="level, event, message, extra"):
    with desk.database.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM credit.api_logs ORDER BY received_at, extra::text").fetchall()


def test_an_object_an_array_and_lines_are_read(desk, send):
    assert counts(send(LINE)) == (1, 1, 0, 0)
    assert counts(send([LINE, LINE | {"status": 201}])) == (2, 2, 0, 0)
    lines = "\n".join(json.dumps(LINE | {"status": status}) for status in (202, 203)) + "\n\n"
    assert counts(send(lines, NDJSON)) == (2, 2, 0, 0)
    assert {row[3]["status"] for row in stored(desk)} == {200, 201, 202, 203}
    assert {row[:3] for row in stored(desk)} == {("info", "request", "m")}
    assert {row[0] for row in stored(desk, '"timestamp"')} == {datetime(2026, 11, 1, 12, tzinfo=UTC)}


def test_a_chunk_that_is_delivered_again_changes_nothing(desk, send):
    chunk = "\n".join(json.dumps(LINE | {"n": n}) for n in range(3))
    assert counts(send(chunk, NDJSON)) == (3, 3, 0, 0)
    assert counts(send(chunk, NDJSON)) == (3, 0, 3, 0)
    assert len(stored(desk)) == 3


def test_the_same_chunk_compressed_is_the_same_chunk(send):
    chunk = json.dumps([LINE]).encode()
    assert counts(send(chunk)) == (1, 1, 0, 0)
    assert counts(send(gzip.compress(chunk, mtime=1), **{"Content-Encoding": "gzip"})) == (1, 0, 1, 0)
    halves = gzip.compress(chunk[:10]) + gzip.compress(chunk[10:])
    assert counts(send(halves, **{"Content-Encoding": "gzip"})) == (1, 0, 1, 0)


def test_lines_that_are_alike_and_happened_twice_are_both_kept(desk, send):
    assert counts(send([LINE, LINE])) == (2, 2, 0, 0)
    assert len(stored(desk)) == 2


def test_what_cannot_be_parsed_is_kept_as_text(desk, send):
    chunk = b'{"level": "info"}\n{"cut": "of\nTraceback (most recent call last)\n\xff\x00 bytes\n7\n'
    assert counts(send(chunk, NDJSON)) == (5, 5, 0, 4)
    assert {row[2] for row in stored(desk)} == {
        None,
        '{"cut": "of',
        "Traceback (most recent call last)",
        "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} bytes",
        "7",
    }


def test_a_character_that_postgresql_cannot_store_does_not_lose_the_line(desk, send):
    assert counts(send({"message": "a\x00b", "nested": [{"k\x00": "v\x00"}], "text": "\\u0000"})) == (1, 1, 0, 0)
    [(_, _, message, extra)] = stored(desk)
    assert message == "a\N{REPLACEMENT CHARACTER}b"
    assert extra["nested"] == [{"k\N{REPLACEMENT CHARACTER}": "v\N{REPLACEMENT CHARACTER}"}]
    assert extra["text"] == "\\u0000"


@pytest.mark.parametrize(
    ("sent", "column"),
    [
        ({"time": "2026-11-01T13:00:00+01:00"}, datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ({"@timestamp": 1_793_534_400}, datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ({"ts": 1_793_534_400.25}, datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_what_other_writers_call_a_time_is_one(desk, send, sent, column):
    send(sent)
    assert stored(desk, '"timestamp", extra') == [(column, {})]


@pytest.mark.parametrize("time", ["yesterday", 1e18, -1, True, None, "0001-01-01T00:00:00+14:00", 1_793_534_400_000])
def test_what_is_no_time_stays_in_the_extras_and_the_arrival_counts(desk, send, time):
    before = datetime.now(UTC)
    send({"timestamp": time})
    [(timestamp, extra)] = stored(desk, '"timestamp", extra')
    assert before <= timestamp <= datetime.now(UTC)
    assert extra == {"timestamp": time}


def test_compressed_bombs_are_refused_without_being_unfolded(send):
    bomb = gzip.compress(b" " * (log_intake.MAX_BYTES + 1))
    many = gzip.compress(b" " * (log_intake.MAX_BYTES // 2)) * 3
    for body in (bomb, many):
        assert len(body) < 100_000
        assert refused(send(body, **{"Content-Encoding": "gzip"}), 413) == "body-too-large"


@pytest.mark.parametrize(
    "body",
    # Named, because gzip writes the time of day into its header, and a test's name must not change.
    [
        pytest.param(b"plain", id="plain"),
        pytest.param(gzip.compress(b"{}")[:-4], id="cut short"),
        pytest.param(gzip.compress(b"{}") + b"rest", id="with a rest"),
        pytest.param(zlib.compress(b"{}"), id="zlib"),
    ],
)
def test_what_is_no_gzip_is_refused(send, body):
    assert refused(send(body, **{"Content-Encoding": "gzip"}), 400) == "invalid-gzip"


@pytest.mark.parametrize("headers", [{"Content-Encoding": "br"}, {"Content-Type": "text/plain"}])
def test_other_media_types_and_encodings_are_refused(send, headers):
    assert refused(send("{}", **headers), 415) == "not-json"


def test_lines_and_chunks_have_limits(desk, monkeypatch, send):
    monkeypatch.setattr(log_intake, "MAX_LINES", 3)
    monkeypatch.setattr(log_intake, "MAX_LINE_BYTES", 20)
    assert counts(send('{"message": "' + "a" * 100 + '"}')) == (1, 1, 0, 1)
    assert stored(desk, "message") == [('{"message": "aaaaaaa',)]
    assert refused(send("{}\n" * 4, NDJSON), 413) == "too-many-lines"
    assert refused(send(b" " * (log_intake.MAX_BYTES + 1)), 413) == "body-too-large"
    assert len(stored(desk)) == 1


def test_deep_nesting_is_kept_as_text(desk, send):
    assert counts(send("[" * 5000 + "]" * 5000)) == (1, 1, 0, 1)
    assert stored(desk, "length(message)") == [(10_000,)]
