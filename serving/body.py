"""The body of a request: read with a limit on size and time, before anything looks at it.

Here: what keeps a client from filling memory or holding a connection. Keep out: what is
JSON (`strict_json`), and what it means; that lives with the noun that is sent.
"""

import asyncio
import zlib
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from serving import strict_json
from serving.problems import RequestError

# 400 features with long names and values are 20 kB; a megabyte leaves room for any form.
MAX_BODY_BYTES = 1024 * 1024

# 500 applications of 600 features are 5 MB; this leaves room for long names and written-out numbers.
MAX_BATCH_BYTES = 16 * 1024 * 1024

# A client that opens a request and sends nothing may not keep it open for ever.
BODY_TIMEOUT_S = 10.0

JSON = "application/json"


async def read_json(request: Request, limit: int = MAX_BODY_BYTES) -> tuple[bytes, Any]:
    """The body of a JSON request, as it was sent and as it was meant; more bytes may hold more values.

    Raises:
        RequestError: as `read_body` and `strict_json.loads` do.
    """
    body = await read_body(request, limit=limit)
    return body, strict_json.loads(body, max_values=strict_json.MAX_VALUES * limit // MAX_BODY_BYTES)


async def read_body(
    request: Request,
    *,
    limit: int = MAX_BODY_BYTES,
    media_types: Collection[str] = (JSON,),
    encodings: Collection[str] = (),
) -> bytes:
    """The body of a request, as it was sent.

    A body that says it is too large is refused unread; one that does not say is refused as
    soon as it is. The server discards what still comes, so that the client gets the answer.

    Args:
        request: not read yet.
        limit: bytes that the body may have.
        media_types: that are accepted. Never one that a web page may post without asking.
        encodings: that are accepted beside none at all; the caller decodes (`inflate`).

    Raises:
        RequestError: 413 too large, 415 of another type or compressed, 408 too slow.
    """
    _refuse_other_types(request, media_types, encodings)
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
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


def encoding_of(request: Request) -> str:
    """The content encoding that a request declares; `identity` for none."""
    return request.headers.get("content-encoding", "identity").strip().lower() or "identity"


def inflate(body: bytes, *, limit: int) -> bytes:
    """What a gzip body holds, never more than `limit` bytes of it.

    Raises:
        RequestError: 413 it holds more, 400 it is no gzip or ends too early.
    """
    parts, size = [], 0
    while body:
        # 16 more than the largest window: gzip's own header. One stream may follow another.
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            part = stream.decompress(body, limit - size + 1)
        except zlib.error:
            raise _not_gzip() from None
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not stream.eof:
            raise _not_gzip()
        parts.append(part)
        body = stream.unused_data
    return b"".join(parts)


def _refuse_other_types(request: Request, media_types: Collection[str], encodings: Collection[str]) -> None:
    media_type = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    encoding = encoding_of(request)
    # Browsers let any page post forms and plain text to any address, but ask before JSON: the
    # check keeps web pages from recording decisions in a service on the loopback address.
    if media_type in media_types and (encoding == "identity" or encoding in encodings):
        return
    without = "without Content-Encoding" if not encodings else f"Content-Encoding {' or '.join(encodings)}, or none"
    raise RequestError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        "a body of another media type, or compressed in another way",
        expected=f"Content-Type: {' or '.join(media_types)}, {without}",
        remedy="set the header and send plain JSON",
    )


def _too_large(limit: int) -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"a body of more than {limit} bytes",
        expected=f"{limit} bytes at most, after decompression as well",
        remedy="send less a request; an application needs the features of the model alone",
    )


def _not_gzip() -> RequestError:
    return RequestError(
        HTTPStatus.BAD_REQUEST,
        "invalid-gzip",
        "a body that says it is gzip and cannot be read as such to its end",
        expected="whole gzip streams",
        remedy="send it again, or without Content-Encoding",
    )
