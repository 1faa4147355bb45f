"""The made-up log shipper: whole lines, each once, whatever happens between sending and hearing the answer."""

import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from credit_risk.errors import UnavailableError
from simulation.log_delivery import ship


class Intake(BaseHTTPRequestHandler):
    """Keeps each chunk once, by its bytes, as the service does; loses the answers that the server is told to lose."""

    def do_POST(self):
        server = self.server
        server.keys.append(self.headers["X-API-Key"])
        chunk = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        lines = chunk.splitlines(keepends=True)
        new = hashlib.sha256(chunk).digest() not in server.chunks
        server.chunks.setdefault(hashlib.sha256(chunk).digest(), lines)
        if server.losing:
            server.losing -= 1
            # As a proxy answers that has lost the service: no JSON.
            self.send_response(502)
            self.end_headers()
            self.wfile.write(b"<html>lost</html>")
            return
        self.send_response(200)
        self.end_headers()
        answer = {"stored": len(lines) if new else 0, "repeated": 0 if new else len(lines)}
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def intake():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Intake)
    server.chunks, server.keys, server.losing = {}, [], 0
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "service.log"
    file.write_bytes(b"")
    return file


@pytest.fixture
def deliver(intake, log, tmp_path):
    def run(**arguments):
        done = ship(log, tmp_path / "demo" / "position", intake.url, **arguments)
        return done.chunks, done.stored, done.repeated

    return run


def kept(intake):
    return b"".join(line for lines in intake.chunks.values() for line in lines)


def append(log, content):
    with log.open("ab") as file:
        file.write(content)


def test_lines_arrive_once_as_they_come(deliver, intake, log):
    append(log, b'{"event":"a"}\nno json\n')
    assert deliver() == (1, 2, 0)
    assert deliver() == (0, 0, 0)
    append(log, b'{"event":"b"}\n')
    assert deliver() == (1, 1, 0)
    assert kept(intake) == log.read_bytes()


def test_a_line_that_is_still_being_written_waits(deliver, intake, log):
    append(log, b'{"event":"a"}\n{"ev')
    deliver()
    assert kept(intake) == b'{"event":"a"}\n'
    append(log, b'ent":"b"}\n')
    deliver()
    assert kept(intake) == log.read_bytes()


def test_a_chunk_whose_answer_was_lost_goes_again_byte_for_byte_though_the_file_has_grown(deliver, intake, log):
    append(log, b'{"event":"a"}\n')
    intake.losing = 1
    with pytest.raises(UnavailableError, match=r"502 Bad Gateway from .*/internal/logs \(<html>lost</html>\)"):
        deliver()
    append(log, b'{"event":"b"}\n')
    assert deliver() == (2, 1, 1)
    assert kept(intake) == log.read_bytes()


def test_chunks_are_bounded_and_end_with_a_line(deliver, intake, log):
    append(log, b"".join(b'{"event":"%d"}\n' % number for number in range(100)))
    chunks, stored, _ = deliver(at_once=200)
    assert (chunks > 5, stored) == (True, 100)
    assert all(sum(map(len, lines)) <= 200 for lines in intake.chunks.values())
    assert kept(intake) == log.read_bytes()


def test_a_line_longer_than_a_chunk_does_not_hold_up_what_follows(deliver, intake, log):
    append(log, b"".join(b"%04d" % number for number in range(125)) + b"\nshort\n")
    deliver(at_once=200)
    assert kept(intake) == log.read_bytes()


def test_the_lines_of_deliveries_that_went_well_stay_away(deliver, intake, log):
    own = b'{"event":"request","route":"/internal/logs","status":200}\n'
    refused = b'{"event":"request","route":"/internal/logs","status":403}\n'
    append(log, own + refused)
    deliver()
    append(log, own)
    assert deliver() == (0, 0, 0)
    assert kept(intake) == refused


def test_a_file_that_was_begun_anew_is_delivered_from_its_beginning(deliver, log):
    append(log, b'{"event":"old","words":"many"}\n')
    deliver()
    log.write_bytes(b'{"event":"new"}\n')
    assert deliver() == (1, 1, 0)


def test_the_key_goes_along(deliver, intake, log):
    append(log, b"a\n")
    deliver(key="ck_key")
    assert intake.keys == ["ck_key"]


def test_nobody_at_the_address_is_a_clear_error(log, tmp_path):
    append(log, b"a\n")
    with pytest.raises(UnavailableError, match=r"no answer from the scoring service at http://127\.0\.0\.1:9/internal"):
        ship(log, tmp_path / "position", "http://127.0.0.1:9")
