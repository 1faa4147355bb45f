"""Limits: how often a key may ask, and the headers that limit what an answer can be used for.

Here: the token bucket of each key, and the security headers as plain ASGI, because they run
for every request. Keep out: who a key belongs to (`keys`), sizes (`body`, `strict_json`).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import RequestError

_HEADERS = (
    # Never guess that JSON is a page.
    (b"x-content-type-options", b"nosniff"),
    # Decisions are nobody's to keep between here and the client.
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
# An answer that a browser opens as a page may load and run nothing. The documentation page is
# the one that must.
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# Behind https only: over plain http browsers must ignore it, and a service on loopback has none.
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimiter:
    """A token bucket a key: full it holds one minute's requests, and it fills at their rate.

    Of this process alone: with several, a key may ask up to as many times more. Dividing the
    limit by their number would refuse clients that keep their limit on one connection, and
    the limit is there to keep one client from starving the others. Used by the event loop only.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key_id: str, per_minute: int | None, n: int = 1) -> None:
        """Take `n` requests from a key's bucket; a batch may leave it in debt, and is paid off first.

        Raises:
            RequestError: 429, with the seconds after which the next request is taken.
        """
        if per_minute is None:
            return
        now, rate = self._clock(), per_minute / 60
        bucket = self._buckets.setdefault(key_id, _Bucket(per_minute, now))
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            raise _too_many(per_minute, math.ceil((1 - bucket.tokens) / rate))
        bucket.tokens -= n

    def charge(self, key_id: str, per_minute: int | None, n: int) -> None:
        """Charge `n` more requests to a key that was let in already: the rest of a batch."""
        if per_minute is not None and key_id in self._buckets:
            self._buckets[key_id].tokens -= n


class SecurityHeaders:
    """Wraps an application: adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_secure = scope.get("scheme") == "https"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = list(message.get("headers", ()))
                headers += _HEADERS
                if not _is_page(headers):
                    headers.append(_POLICY)
                if is_secure:
                    headers.append(_TRANSPORT)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _is_page(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def _too_many(per_minute: int, seconds: int) -> RequestError:
    return RequestError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate-limited",
        f"more requests than the {per_minute} a minute of this API key",
        expected="fewer",
        remedy=f"ask again in {seconds} s, or have the key's limit raised",
        headers={"Retry-After": str(seconds)},
    )
