"""The supervisor: honcho starts the processes together and stops all of them when one ends.

Here: running a set of processes to its end, their log files, and what is printed about them.
Keep out: which processes there are (`processes`).
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from honcho.manager import Manager
from honcho.printer import Printer

from cli.console import console, errors
from cli.processes import Process, check_ports, platform_processes, prepare
from resources import embedded_postgres
from resources.database import open_database
from resources.settings import REPOSITORY, Settings

# Enough of a log to see why a process ended, little enough to read.
LAST_LINES = 15

# What a process ends with when we asked it to: SIGTERM, seen by the shell or by Python.
ASKED_TO_END = {0, -15, 143}
CTRL_C = 130


class QuietPrinter(Printer):  # type: ignore[misc]  # honcho publishes no types
    """Passes on what a speaking process says, as it says it, and nothing of honcho's own."""

    def write(self, message: Any) -> None:  # noqa: ANN401  # honcho's signature
        """Print one line."""
        if message.name != "system":
            data = message.data
            console.file.write(data.decode("utf-8", "replace") if isinstance(data, bytes) else data)
            console.file.flush()


def run_platform(
    settings: Settings, *, story: Process | None = None, environment: Mapping[str, str] | None = None
) -> int:
    """Run the platform until it is stopped, or until its story ends. Returns the exit code.

    Every process that was started is gone when this returns.

    Args:
        settings: of this machine.
        story: a process that speaks to the user; the platform ends with it.
        environment: settings for all processes that differ from this one's environment.
    """
    check_ports(settings)
    database = open_database(settings)
    try:
        prepare(settings, database)
        # A socket's path may have about 100 characters, and a home folder is often deeper than that.
        with TemporaryDirectory(prefix="credit-") as sockets:
            processes = platform_processes(settings, database, Path(sockets))
            return supervise([*processes, *([story] if story else [])], settings.home / "logs", environment or {})
    finally:
        if settings.database_url is None:
            embedded_postgres.leave(settings.postgres_dir)


def supervise(processes: Sequence[Process], logs: Path, environment: Mapping[str, str]) -> int:
    """Run processes until one ends or a signal asks for the end; then end all. Returns the exit code."""
    logs.mkdir(parents=True, exist_ok=True)
    manager = Manager(printer=QuietPrinter())
    for process in processes:
        redirect = "" if process.speaks else f" >> {shlex.quote(str(logs / process.name))}.log 2>&1"
        manager.add_process(
            process.name,
            # exec: signals reach the process itself, not a shell around it.
            f"exec {shlex.join(process.command)}{redirect}",
            env={**os.environ, **environment, **process.environment, "PYTHONUNBUFFERED": "1"},
            cwd=str(REPOSITORY),
        )
    manager.loop()
    _report_failures(manager, processes, logs)
    return int(manager.returncode or 0)


def _report_failures(manager: Any, processes: Sequence[Process], logs: Path) -> None:  # noqa: ANN401
    if manager.returncode in ASKED_TO_END | {CTRL_C}:
        return
    # honcho keeps the code of the process that ended first; the others were asked to end.
    codes = {p.name: manager._processes[p.name].get("returncode") for p in processes if not p.speaks}  # noqa: SLF001
    for name, code in codes.items():
        if code == manager.returncode:
            log = logs / f"{name}.log"
            errors.print(f"[bold red]error[/] {name} ended with code {code}; the end of {log}:")
            errors.print("\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]), markup=False)
