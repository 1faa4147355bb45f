"""The load client: what it takes for an answer, and what it counts, against real servers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from benchmarks.serving_client import Answer, Heard, percentile, prepared, read_answer
from benchmarks.serving_process import free_port

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Answering(BaseHTTPRequestHandler):
    """Answers 200, or what a test sets; remembers the bodies."""

    protocol_version = "HTTP/1.1"
    statuses = (200,)
    closes = False
    received: list[bytes]

    def do_POST(self):
        number = len(self.received)
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.statuses[number % len(self.statuses)])
        self.send_header("Content-Length", "2")
        if self.closes:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@contextmanager
def answering(**attributes: object) -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []
    handler = type("Handler", (Answering,), {"received": received, **attributes})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/predict", received
        server.shutdown()


@pytest.fixture
def load(tmp_path):
    """`load(url, ...)`: the client's windows under a short load."""
    bodies = tmp_path / "bodies.jsonl"
    bodies.write_bytes(b'{"n":1}\n{"n":2}\n{"n":3}\n')

    def load(url: str, connections: int = 2, windows: int = 1) -> list[dict]:
        command = [sys.executable, "-m", "benchmarks.serving_client", url, str(bodies)]
        command += ["--connections", str(connections), "--seconds", "0.3", "--warm-up", "0.1"]
        ended = subprocess.run([*command, "--windows", str(windows)], capture_output=True, check=True, timeout=30)
        first, *lines = ended.stdout.splitlines()
        assert first == b"begin"
        return [orjson.loads(line) for line in lines]

    return load


def test_an_answer_is_read_once_its_body_is_whole():
    assert read_answer(WHOLE) == Answer(200, closes=False)
    assert read_answer(WHOLE[:-1]) is None
    assert read_answer(WHOLE[:20]) is None


def test_an_answer_in_chunks_ends_with_the_empty_chunk():
    head = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert read_answer(head + b"2\r\n{}\r\n") is None
    assert read_answer(head + b"2\r\n{}\r\n0\r\n\r\n") == Answer(503, closes=True)


@pytest.mark.parametrize(
    ("received", "problem"),
    [(b"SSH-2.0\r\n\r\n", "not HTTP"), (b"HTTP/1.1 200 OK\r\n\r\n", "without a length")],
)
def test_what_cannot_be_read_as_an_answer_is_refused(received, problem):
    with pytest.raises(ValueError, match=problem):
        read_answer(received)


def test_a_request_is_whole_with_its_length_and_headers():
    request = prepared("http://127.0.0.1:8000/predict", b'{"a":1}', ["X-API-Key: k"])
    head, body = request.split(b"\r\n\r\n")
    assert head.startswith(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n")
    assert b"\r\nContent-Length: 7\r\n" in head
    assert head.endswith(b"\r\nX-API-Key: k")
    assert body == b'{"a":1}'


def test_a_percentile_is_a_latency_that_was_measured():
    latencies = [float(n) for n in range(1, 101)]
    assert [percentile(latencies, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == 7.0


def test_a_window_without_answers_has_no_latencies():
    summary = Heard().summary(1.0, 0.5)
    assert summary["answers"] == 0
    assert orjson.loads(orjson.dumps(summary))["p99"] is None


def test_all_bodies_are_sent_in_turn_and_every_answer_is_counted(load):
    with answering() as (url, received):
        (window,) = load(url)
    assert set(received) == {b'{"n":1}', b'{"n":2}', b'{"n":3}'}
    assert 0 < window["answers"] <= len(received)
    assert window["errors"] == {}
    assert 0 < window["p50"] <= window["p95"] <= window["p99"] <= window["longest"]
    assert window["seconds"] == pytest.approx(0.3, abs=0.2)


def test_an_answer_with_another_status_is_an_error_and_no_answer(load):
    with answering(statuses=(503,)) as (url, _):
        (window,) = load(url)
    assert window["answers"] == 0
    assert window["errors"].keys() == {"status 503"}


def test_a_server_that_closes_after_each_answer_is_connected_to_again(load):
    with answering(closes=True) as (url, _):
        (window,) = load(url)
    assert window["answers"] > 2
    assert window["errors"] == {}


def test_connections_that_are_refused_are_errors(load):
    (window,) = load(f"http://127.0.0.1:{free_port()}/predict")
    assert window["answers"] == 0
    assert sum(window["errors"].values()) > 0
    assert all(error.startswith("no connection") for error in window["errors"])


def test_windows_follow_each_other_and_are_counted_apart(load):
    with answering() as (url, received):
        windows = load(url, windows=2)
    assert len(windows) == 2
    assert all(window["answers"] > 0 for window in windows)
    assert sum(window["answers"] for window in windows) <= len(received)
