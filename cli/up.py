"""`credit up`: the whole platform until Ctrl-C."""

import sys

from cli.processes import Process
from cli.supervisor import run_platform
from resources.settings import load_settings


def up() -> int:
    """Run everything; a small story says when it is ready and where. Returns the exit code."""
    story = Process("story", [sys.executable, "-m", "cli.story"], speaks=True)
    return run_platform(load_settings(), story=story)
