"""The key ring: the API keys as this process knows them, never older than a few seconds.

Here: reading the keys again and again in the background, and a copy on disk for a start while
the database is away. Keep out: what a key opens (`keys`).
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import orjson
import psycopg
import structlog

from credit_risk.errors import CreditError, UnavailableError
from resources.api_keys import Verifier, read_verifiers
from resources.database import Connection
from resources.roles import SERVICE, open_service_database, why_not_role
from resources.settings import Settings
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason

log = structlog.get_logger("serving.key_ring")

# A revoked key must be refused within 5 s: one look, and a deadline, and room to spare.
LOOK_INTERVAL_S = 2.0

# Reading a few hundred rows takes a millisecond.
READ_DEADLINE_S = 2.0


class KeyRing:
    """Follows the keys in a thread of its own, from `start` to `stop`.

    While the database is away the last known keys go on, over a restart as well.

    Args:
        database: opens connections.
        watchdog: started; ends a read that hangs.
        copy: file of the last known keys; hashes only.
        look_interval_s: seconds between two looks.
    """

    def __init__(
        self, database: DecisionDatabase, watchdog: Watchdog, copy: Path, *, look_interval_s: float = LOOK_INTERVAL_S
    ) -> None:
        self._database = database
        self._watchdog = watchdog
        self._copy = copy
        self._look_interval_s = look_interval_s
        self._connection: Connection | None = None
        self._problem: str | None = None
        self._role_problem: str | None = None
        self._verifiers = _read_copy(copy)
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-ring", daemon=True)

    @property
    def verifiers(self) -> dict[str, Verifier] | None:
        """The keys by id; None before they are known. Read it once a request."""
        return self._verifiers

    @property
    def problem(self) -> str | None:
        """Why the keys may be older than a few seconds, or None."""
        return self._problem

    @property
    def role_problem(self) -> str | None:
        """Why the service is not held to the rights of its database role, or None."""
        return self._role_problem

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wait_for_first_look(self, seconds: float) -> None:
        """Wait until the keys are read, or until it is known that they cannot be."""
        self._looked.wait(seconds)

    def stop(self) -> None:
        """End the thread and its connection."""
        self._stopping.set()
        # A look at a server that does not answer takes this long; the thread then dies with us.
        self._thread.join(timeout=2 * READ_DEADLINE_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._note(self._look())
            self._looked.set()
            self._stopping.wait(self._look_interval_s)
        self._drop_connection()

    def _look(self) -> str | None:
        try:
            if self._connection is None:
                self._connection = self._database.connect(deadline_s=READ_DEADLINE_S)
                self._judge_role(self._connection)
            with self._watchdog.limit(self._connection, READ_DEADLINE_S):
                found = read_verifiers(self._connection)
        except (psycopg.Error, CreditError, OSError) as error:
            self._drop_connection()
            return outage_reason(error)
        self._take(found)
        return None

    def _judge_role(self, connection: Connection) -> None:
        # Once a connection, on the one that lives as long as the service does.
        with self._watchdog.limit(connection, READ_DEADLINE_S):
            problem = why_not_role(connection, SERVICE)
        if problem is not None and problem != self._role_problem:
            log.warning("database_role", reason=problem)
        self._role_problem = problem

    def _take(self, found: Sequence[Verifier]) -> None:
        verifiers = {verifier.key_id: verifier for verifier in found}
        if verifiers != self._verifiers:
            # One reference: a request sees the old keys or the new ones.
            self._verifiers = verifiers
            _write_copy(self._copy, found)
            n_valid = sum(not verifier.revoked for verifier in found)
            log.info("keys_read", valid=n_valid, revoked=len(found) - n_valid)

    def _note(self, problem: str | None) -> None:
        # Said once, not every two seconds for as long as it lasts.
        if problem is not None and problem != self._problem:
            log.warning("keys_not_read", reason=problem, known=self._verifiers is not None)
        self._problem = problem

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def copy_of_keys(settings: Settings) -> Path:
    """Where the last known keys are kept on this machine."""
    return settings.home / "serving" / "api_keys.json"


def count_keys(settings: Settings) -> int | None:
    """How many keys are on record, revoked ones as well; None when neither the database nor a copy says.

    Raises:
        SettingsError: the address of the database is wrong.
    """
    try:
        with open_service_database(settings).connect() as connection:
            return len(read_verifiers(connection))
    except (UnavailableError, psycopg.Error):
        known = _read_copy(copy_of_keys(settings))
        return None if known is None else len(known)


def _read_copy(copy: Path) -> dict[str, Verifier] | None:
    try:
        rows = orjson.loads(copy.read_bytes())
        found = [Verifier(i, bytes.fromhex(h), frozenset(roles), rate, bool(gone)) for i, h, roles, rate, gone in rows]
    except (OSError, ValueError, TypeError):
        # None, or one that was not written to its end: the database knows better, and is asked next.
        return None
    return {verifier.key_id: verifier for verifier in found}


def _write_copy(copy: Path, found: Sequence[Verifier]) -> None:
    rows = [[v.key_id, v.secret_sha256.hex(), sorted(v.roles), v.rate_limit_per_minute, v.revoked] for v in found]
    # By thread as well as process: workers share the folder.
    part = copy.with_name(f"{copy.name}.{threading.get_native_id()}.part")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(orjson.dumps(rows))
        part.replace(copy)
    except OSError as error:
        log.warning("keys_not_copied", reason=error.strerror)
