"""Logs: one JSON object a line, whoever speaks."""

import json
import os
import subprocess
import sys

from serving.logs import MAX_LINE_BYTES, to_line

SPEAK = """
import logging
import structlog
from serving.logs import configure_logs
configure_logs()
structlog.get_logger("serving").info("request", status=200)
logging.getLogger("library").warning("from a %s", "library")
logging.getLogger("mlflow.store").info("chatter")
secret = "EXT_SOURCE_1=0.31"
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("failed")
"""


def test_every_line_is_json_and_shows_no_local_values():
    found = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)
    ours, library, failure = map(json.loads, found.stdout.splitlines())
    assert (ours["event"], ours["level"], ours["status"]) == ("request", "info", 200)
    assert (library["event"], library["level"], library["logger"]) == ("from a library", "warning", "library")
    assert failure["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert "EXT_SOURCE_1=0.31" not in found.stdout
    assert ours["timestamp"].endswith("Z")


SHOUT = """
import logging, sys
import structlog
from serving.logs import configure_logs
worker = int(sys.argv[1])
configure_logs(worker=worker)
for number in range(300):
    structlog.get_logger("serving").info("request", text=str(worker) * 3000)
    logging.getLogger("library").warning("%s", str(worker) * 20_000)
"""


def test_lines_of_several_workers_stay_whole_however_long():
    reading, writing = os.pipe()
    workers = [subprocess.Popen([sys.executable, "-c", SHOUT, str(number)], stdout=writing) for number in (1, 2)]
    os.close(writing)
    with os.fdopen(reading) as output:
        lines = [json.loads(line) for line in output]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert sorted(line["worker"] for line in lines) == [1] * 600 + [2] * 600


def test_a_line_that_is_too_long_keeps_what_says_which_one_it_was():
    event = {"event": "request_failed", "level": "error", "request_id": "abc", "where": ['"quoted"\n'] * 2000}
    line = to_line(event)
    assert len(line.encode()) < MAX_LINE_BYTES
    cut = json.loads(line)
    assert (cut["event"], cut["level"], cut["request_id"]) == ("request_failed", "error", "abc")
    assert cut["cut"].startswith('{"event":"request_failed"')
