"""One side under load: real server processes, a real client, and a real table of decisions."""

import os
import sys
from dataclasses import dataclass

import orjson
import pytest

from benchmarks import serving_load, serving_process
from benchmarks.serving_files import Bench
from benchmarks.serving_load import measure, running
from benchmarks.serving_platform import Platform
from benchmarks.serving_process import Command, ServerError, free_port
from benchmarks.serving_sides import SIDES, Side, Site, ours
from resources.settings import Settings

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(200, {"status": "healthy"})
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(int(sys.argv[2]), {"probability": float(sys.argv[3]), "detail": "found no such client"})
    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def site(tmp_path, postgres, monkeypatch):
    """A site whose model says 0.25 to the first body, on a real database."""
    monkeypatch.setattr(serving_load, "WARM_UP_S", 0.1)
    monkeypatch.setattr(serving_process, "SETTLED_FOR_S", 0.1)
    bench = Bench(tmp_path)
    bench.bodies("features").write_bytes(b'{"SK_ID_CURR":1,"features":{}}\n')
    bench.expected.write_bytes(orjson.dumps({"probability": 0.25}))
    settings = Settings(_env_file=None, CREDIT_HOME=tmp_path)
    settings.postgres_dir.mkdir()
    (settings.postgres_dir / "postmaster.pid").write_text(f"{os.getpid()}\n")
    return Site(bench, Platform(settings, postgres, "a key"), free_port())


@dataclass(frozen=True)
class Answering:
    """A server that answers every body alike."""

    status: int = 200
    probability: float = 0.25

    def __call__(self, site: Site) -> Command:
        arguments = [sys.executable, "-c", SERVER, str(site.port), str(self.status), str(self.probability)]
        return Command(arguments, {}, site.bench.folder)


def test_a_side_is_measured_at_every_number_of_connections(site):
    windows = measure("side", Side("a side", Answering()), site, [1, 2], 0.3)
    assert list(windows) == [1, 2]
    assert all(window.rate > 0 and window.n_errors == 0 for window in windows.values())
    assert all(window.memory > 0 for window in windows.values())


def test_a_server_that_says_another_probability_than_the_model_is_not_measured(site):
    side = Side("a side", Answering(probability=0.26))
    with pytest.raises(ServerError, match=r"0\.26, the model says 0\.25"), running("side", side, site):
        pass


def test_a_server_that_refuses_the_first_body_is_not_measured(site):
    side = Side("a side", Answering(status=404))
    with pytest.raises(ServerError, match="with 404: found no such client"), running("side", side, site):
        pass


def test_a_server_that_answers_without_putting_decisions_on_record_is_caught(site):
    side = Side("a side", Answering(), records=True)
    with pytest.raises(ServerError, match=r"decisions answered, and 0 on record"):
        measure("side", side, site, [1], 0.3)


def test_a_setting_that_the_service_does_not_have_is_named(site):
    with pytest.raises(ServerError, match="no setting CREDIT_TELEPATHY"):
        ours(CREDIT_TELEPATHY="1")(site)


def test_all_sides_of_ours_are_held_to_their_records():
    assert all(side.records and side.keyed for name, side in SIDES.items() if name.startswith("ours"))


def test_only_ours_is_sent_the_key_of_the_platform(site):
    keyed = {name for name, side in SIDES.items() if side.headers(site) == {"X-API-Key": "a key"}}
    assert keyed == {name for name in SIDES if name.startswith("ours")}


def test_a_service_is_told_where_its_platform_is_and_no_other(site):
    environment = site.platform.environment(site.port)
    assert environment["CREDIT_HOME"] == str(site.platform.settings.home)
    assert environment["CREDIT_API_PORT"] == str(site.port)
    assert environment["CREDIT_ENV_FILE"] == ""
