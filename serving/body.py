"""The body of a request: read with a limit on size and time, before anything looks at it.

Here: what keeps a client from filling memory or holding a connection. Keep out: what the
bytes mean (`application`).
"""

import asyncio
from http import HTTPStatus

from fastapi import Request
from starlette.requests import ClientDisconnect

from serving.problems import RequestError

# 400 features with long names and values are 20 kB; a megabyte leaves room for any form.
MAX_BODY_BYTES = 1024 * 1024

# A client that opens a request and sends nothing may not keep it open for ever.
BODY_TIMEOUT_S = 10.0


async def read_body(request: Request) -> bytes:
    """The body of a JSON request.

    A body that says it is too large is refused unread; one that does not say is refused as
    soon as it is. The server discards what still comes, so that the client gets the answer.

    Raises:
        RequestError: 413 too large, 415 not JSON, 408 too slow.
    """
    _refuse_other_than_json(request)
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                chunks.append(chunk)
    except (TimeoutError, ClientDisconnect):
        raise RequestError(
            HTTPStatus.REQUEST_TIMEOUT,
            "slow-body",
            f"{size} bytes of a body after {BODY_TIMEOUT_S:.0f} s, or a client that hung up",
            expected="the whole body",
            remedy="send the request again",
        ) from None
    return b"".join(chunks)


def _refuse_other_than_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    # Browsers let any page post forms and plain text to any address, but ask before JSON: the
    # check keeps web pages from recording decisions in a service on the loopback address.
    if media_type == "application/json" and encoding == "identity":
        return
    raise RequestError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        "a body of another media type, or a compressed one",
        expected="Content-Type: application/json, without Content-Encoding",
        remedy="set the header and send plain JSON",
    )


def _too_large() -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"a body of more than {MAX_BODY_BYTES} bytes",
        expected="one application",
        remedy="send one application a request, with the features of the model alone",
    )
