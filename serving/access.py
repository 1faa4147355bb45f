"""Access: every request gets an id, a line in the log, its metrics, and an answer.

Here: the outermost layer around the routes, as plain ASGI because it runs for every request.
Keep out: bodies, raw paths and query strings; they may carry personal data.
"""

import re
import traceback
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from serving.metrics import Metrics
from serving.problems import problem_response

log = structlog.get_logger("serving.access")

HEADER = "X-Request-ID"
_HEADER_NAME = HEADER.lower().encode()

# A client's own id is taken over where it cannot be anything but an id.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Raw paths are the client's to choose: as a label each would be a series of its own.
UNMATCHED = "unmatched"

# Asked every few seconds by machines; a line each would hide the rest.
POLLED = frozenset({"/health", "/metrics"})

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Access:
    """Wraps an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = perf_counter(), 0
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message.get("headers", ()), (_HEADER_NAME, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001 - the one place where an error of ours becomes an answer
            _log_error(error, request_id)
            if not status:
                await problem_response(error, request_id)(scope, receive, send_and_note)
        self._note(scope, status, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._metrics.requests.labels(route, method, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if route in POLLED and status < HTTPStatus.BAD_REQUEST:
            return
        state: dict[str, Any] = scope["state"]
        log.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=state["request_id"],
            prediction_id=state.get("prediction_id"),
            key_id=state.get("key_id"),
        )


def _request_id(scope: Scope) -> str:
    # Not by `Headers`: ten times as long, where most requests have none.
    for name, value in scope["headers"]:
        if name == _HEADER_NAME:
            sent: str = value.decode("latin-1")
            return sent if _ID.fullmatch(sent) else uuid7().hex
    return uuid7().hex


def _log_error(error: Exception, request_id: str) -> None:
    # Where it happened, not its message, which may repeat what was sent.
    where = traceback.format_tb(error.__traceback__)
    log.error("request_failed", error=type(error).__name__, where=where[-5:], request_id=request_id)
