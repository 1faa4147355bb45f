"""API keys: made, listed, revoked; only their hash is stored.

Here: the table `api_keys` and the form of a key. Keep out: what a role may ask for
(`serving.keys`).

A key is `ck_<key_id>_<secret>`. The secret is 256 bits from the operating system, so one
SHA-256 is the right hash: there is no word to guess that a slow hash would protect, and every
request is checked.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from credit_risk.errors import SettingsError
from resources.database import Connection, Database

# What a key may be allowed; `admin` includes the others.
ROLES = ("score", "observe", "admin")

MAX_NAME = 100

# 48 bits tell keys apart; they protect nothing.
_KEY_ID_BYTES = 6
_SECRET_BYTES = 32

# 32 bytes are 43 characters of base64 without padding.
_KEY = re.compile(r"ck_([0-9a-z]{12})_([A-Za-z0-9_-]{43})")

_COLUMNS = "key_id, name, roles, rate_limit_per_minute, created_at, created_by, revoked_at"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as people see it; `rate_limit_per_minute` None is no limit."""

    key_id: str
    name: str
    roles: tuple[str, ...]
    rate_limit_per_minute: int | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verifier:
    """What it takes to check a key, and what it may do."""

    key_id: str
    secret_sha256: bytes
    roles: frozenset[str]
    rate_limit_per_minute: int | None
    revoked: bool


class ApiKeys:
    """The keys on record."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(
        self, name: str, roles: Collection[str], *, created_by: str, rate_limit_per_minute: int | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key. Returns it and its text, which nothing can show again.

        Raises:
            SettingsError: names every fault of what was asked for.
        """
        _check(name, roles, rate_limit_per_minute)
        key_id, secret = secrets.token_hex(_KEY_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        ordered = [role for role in ROLES if role in roles]
        query = f"""
            INSERT INTO credit.api_keys (key_id, name, secret_sha256, roles, rate_limit_per_minute, created_by)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}
        """  # noqa: S608 - columns of ours
        with self.database.connect() as connection:
            row = connection.execute(
                query, [key_id, name, digest(secret), ordered, rate_limit_per_minute, created_by]
            ).fetchone()
        assert row is not None
        return _key(row), f"ck_{key_id}_{secret}"

    def adopt(self, name: str, roles: Collection[str], text: str, *, created_by: str) -> bool:
        """Put a key on record that was made elsewhere, such as in a file of secrets. False when it was there.

        Raises:
            SettingsError: it has not the form of a key, its id is another key's, or names every fault of the rest.
        """
        _check(name, roles, None)
        parsed = parse(text.strip())
        if parsed is None:
            raise SettingsError(
                f"{len(text.strip())} characters that are no API key",
                expected="ck_, 12 letters and digits, _, 43 characters of base64",
                remedy="make one with `make secrets` or `credit keys create`",
            )
        key_id, secret = parsed
        ordered = [role for role in ROLES if role in roles]
        with self.database.connect() as connection:
            made = connection.execute(
                "INSERT INTO credit.api_keys (key_id, name, secret_sha256, roles, created_by)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [key_id, name, digest(secret), ordered, created_by],
            ).rowcount
            row = connection.execute(
                "SELECT secret_sha256, roles, revoked_at IS NULL FROM credit.api_keys WHERE key_id = %s", [key_id]
            ).fetchone()
        assert row is not None
        if (bytes(row[0]), row[1], row[2]) != (digest(secret), ordered, True):
            raise SettingsError(
                f"the key {key_id} on record with another secret, with the roles {', '.join(row[1])}, or revoked",
                expected=f"the same key with the roles {', '.join(ordered)}",
                remedy="make a new key for this use, and revoke the one on record if nobody needs it",
            )
        return made == 1

    def all(self) -> list[ApiKey]:
        """Every key ever made, oldest first, revoked ones as well."""
        query = f"SELECT {_COLUMNS} FROM credit.api_keys ORDER BY created_at, key_id"  # noqa: S608 - columns of ours
        with self.database.connect() as connection:
            return [_key(row) for row in connection.execute(query).fetchall()]

    def revoke(self, key_id: str) -> bool:
        """Revoke a key for good. False when it was revoked already.

        Raises:
            SettingsError: there is no such key.
        """
        with self.database.connect() as connection:
            changed = connection.execute(
                "UPDATE credit.api_keys SET revoked_at = clock_timestamp() WHERE key_id = %s AND revoked_at IS NULL",
                [key_id],
            ).rowcount
            known = connection.execute("SELECT 1 FROM credit.api_keys WHERE key_id = %s", [key_id]).fetchone()
        if known is None:
            raise SettingsError(
                "no API key of that id",
                expected="the 12 characters between ck_ and the secret",
                remedy="see `credit keys list`",
            )
        return changed == 1


def read_verifiers(connection: Connection) -> list[Verifier]:
    """Every key as the service checks it. Needs no more than the service's role may read."""
    query = """
        SELECT key_id, secret_sha256, roles, rate_limit_per_minute, revoked_at IS NOT NULL
        FROM credit.api_keys ORDER BY key_id
    """
    return [
        Verifier(key_id, bytes(sha256), frozenset(roles), limit, revoked)
        for key_id, sha256, roles, limit, revoked in connection.execute(query)
    ]


def parse(text: str) -> tuple[str, str] | None:
    """Key id and secret of a key, or None when it has not the form of one."""
    match = _KEY.fullmatch(text)
    return (match[1], match[2]) if match else None


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def _check(name: str, roles: Collection[str], rate_limit_per_minute: int | None) -> None:
    faults = []
    if not 1 <= len(name.strip()) <= MAX_NAME or not name.isprintable():
        faults.append(f"a name of {len(name)} characters (1 to {MAX_NAME} printable ones)")
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        faults.append(f"roles {', '.join(unknown) or 'none'} ({', '.join(ROLES)})")
    # The column is an integer; a million requests a second is no limit.
    if rate_limit_per_minute is not None and not 1 <= rate_limit_per_minute <= 60_000_000:  # noqa: PLR2004
        faults.append(f"a rate of {rate_limit_per_minute} a minute (1 to 60000000)")
    if faults:
        raise SettingsError(
            "; ".join(faults), expected="what is in brackets", remedy="correct it and run the command again"
        )


def _key(row: tuple[object, ...]) -> ApiKey:
    key_id, name, roles, limit, created_at, created_by, revoked_at = row
    return ApiKey(key_id, name, tuple(roles), limit, created_at, created_by, revoked_at)  # type: ignore[arg-type]  # columns have the types of the fields
