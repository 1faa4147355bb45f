"""Who may ask: the keys that the service knows, and what each route asks of a caller.

Here: checking `X-API-Key`, roles, and the dependencies `ScoreKey`, `ObserveKey`, `AdminKey`.
Keep out: making and storing keys (`resources.api_keys`), counting (`limits`).

No key on record, not even a revoked one, means that nobody has closed the service yet: it is
open, on loopback only (`server` binds nowhere else then). Revoking the last key closes it.
"""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers

from resources.api_keys import ROLES, Verifier, digest, parse
from serving.key_ring import KeyRing
from serving.limits import RateLimiter
from serving.problems import RETRY_AFTER_S, RequestError

HEADER = "X-API-Key"

ADMIN = "admin"

# Longer than any key; a header of 60 kB is not hashed for a stranger.
_MAX_HEADER = 200

# What an unknown key is compared with, so that it takes as long as a known one.
_NOBODY = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `key_id` is None while the service is open."""

    key_id: str | None
    roles: frozenset[str]


_ANYBODY = Caller(None, frozenset(ROLES))


class Gate:
    """Lets a request in, or says why not.

    Args:
        ring: the keys.
        limiter: counts the requests of each.
        loopback: whether only this machine can reach the service.
    """

    def __init__(self, ring: KeyRing, limiter: RateLimiter, *, loopback: bool) -> None:
        self._ring = ring
        self._limiter = limiter
        self._loopback = loopback

    @property
    def problems(self) -> list[str]:
        """What is amiss, for /health."""
        keys = self._ring.problem
        found = [f"found API keys that may be out of date ({keys}); the last known ones go on"] if keys else []
        return found + ([self._ring.role_problem] if self._ring.role_problem else [])

    def admit(self, text: str | None, role: str) -> Caller:
        """The caller behind a header.

        Raises:
            RequestError: 401 no valid key, 403 not this role, 429 too often, 503 the keys are not known yet.
        """
        verifiers = self._ring.verifiers
        if not verifiers:
            if self._loopback:
                return _ANYBODY
            raise _unauthorized() if verifiers is not None else _unknown_yet()
        verifier = _verified(verifiers, text)
        if verifier is None:
            raise _unauthorized()
        self._limiter.take(verifier.key_id, verifier.rate_limit_per_minute)
        if role not in verifier.roles and ADMIN not in verifier.roles:
            raise _forbidden(role)
        return Caller(verifier.key_id, verifier.roles)

    def charge(self, caller: Caller, n: int) -> None:
        """Count `n` requests more for a caller that was let in: the rest of a batch."""
        verifier = (self._ring.verifiers or {}).get(caller.key_id or "")
        if verifier is not None:
            self._limiter.charge(verifier.key_id, verifier.rate_limit_per_minute, n)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address that the service binds."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class RequiresRole(SecurityBase):
    """A dependency: the caller, who holds a key with the role."""

    def __init__(self, role: str) -> None:
        self.role = role
        location: dict[str, Any] = {"in": APIKeyIn.header}
        self.model = APIKey(
            **location, name=HEADER, description="made with `credit keys create`; not needed while there is no key"
        )
        self.scheme_name = "ApiKey"

    async def __call__(self, request: Request) -> Caller:
        """Admit the request, and leave the key's id (never the key) for its line in the log."""
        gate: Gate = request.app.state.parts.gate
        caller = gate.admit(_key_in(request.headers), self.role)
        request.state.key_id = caller.key_id
        return caller


SCORE = RequiresRole("score")

# To predict, alone or in batches.
ScoreKey = Annotated[Caller, Security(SCORE)]
# To see stored decisions, explanations, the model and the metrics.
ObserveKey = Annotated[Caller, Security(RequiresRole("observe"))]
# To deliver outcomes and log lines.
AdminKey = Annotated[Caller, Security(RequiresRole(ADMIN))]


def _key_in(headers: Headers) -> str | None:
    """The key of a request: of its own header, or of `Authorization: Bearer`, the only one that Prometheus can fill."""
    key = headers.get(HEADER)
    if key is None:
        scheme, _, credentials = headers.get("Authorization", "").partition(" ")
        key = credentials.strip() if scheme.lower() == "bearer" else None
    return key


def _verified(verifiers: dict[str, Verifier], text: str | None) -> Verifier | None:
    text = (text or "")[:_MAX_HEADER]
    key_id, secret = parse(text) or ("", text)
    verifier = verifiers.get(key_id)
    # Compared whether or not there is such a key, and before its revocation is looked at.
    matches = hmac.compare_digest(digest(secret), verifier.secret_sha256 if verifier else _NOBODY)
    return verifier if matches and verifier is not None and not verifier.revoked else None


def _unauthorized() -> RequestError:
    # The same for no key, a wrong one and a revoked one: who guesses learns nothing.
    return RequestError(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "no valid API key",
        expected=f"one in the header {HEADER}",
        remedy="ask the service's operator for one; they make it with `credit keys create`",
        headers={"WWW-Authenticate": f'ApiKey realm="credit", header="{HEADER}"'},
    )


def _forbidden(role: str) -> RequestError:
    return RequestError(
        HTTPStatus.FORBIDDEN,
        "forbidden",
        f"an API key without the role {role}",
        expected=f"a key with the role {role} or {ADMIN}",
        remedy="use another key",
    )


def _unknown_yet() -> RequestError:
    return RequestError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "keys-unknown",
        "no list of API keys: the database has not answered since the service started",
        expected="one, or its copy of an earlier start",
        remedy=f"ask again in {RETRY_AFTER_S} s; see /health",
    )
