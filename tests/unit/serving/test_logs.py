"""Logs: one JSON object a line, whoever speaks."""

import json
import subprocess
import sys

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
