"""Strict JSON: one parse that refuses what two readers of the same bytes could read differently.

Here: duplicate keys, NaN and Infinity, depth, and the number of values. Add a limit when a
body that passes all of these can still hurt. Keep out: size in bytes (`body`), and what the
values mean.
"""

import re
from http import HTTPStatus
from typing import Any

import numpy as np
import orjson

from serving.problems import RequestError

# A batch of applications is four levels deep. Deeper is nothing that we take.
MAX_DEPTH = 8

# A form and its features are some hundred values; a list of a thousand names is no application.
MAX_VALUES = 20_000

COLON = ord(":")

_CONTAINERS = frozenset({dict, list})

# A closing quote before a colon ends a key; inside a text the two can also stand together, so
# that this never counts too few keys.
_KEY_END = re.compile(rb'"[ \t\r\n]*:')
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def loads(body: bytes, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> Any:  # noqa: ANN401 - any JSON
    """Parse a body.

    Args:
        body: JSON in UTF-8.
        max_depth: how many objects and lists may be inside each other.
        max_values: how many values there may be.

    Raises:
        RequestError: 400, and never a piece of the body.
    """
    # Before the parse, because three bytes of text become sixty of memory. A comma inside a
    # text counts as well: the limit is generous. A value and its comma are two bytes.
    if len(body) > 2 * max_values and body.count(b",") + body.count(b"[") + body.count(b"{") > max_values:
        raise _refused("too-many-values", f"a body of more than {max_values} values", f"{max_values} at most")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _refused(
            "invalid-json",
            f"no JSON at line {error.lineno}, column {error.colno} ({error.msg})",
            "JSON in UTF-8",
            remedy="send null for a missing number: JSON has neither NaN nor Infinity",
        ) from None
    n_keys = _count_keys(document, max_depth)
    if n_keys and _has_duplicates(body, n_keys):
        # The parser keeps the last one; whoever checked the body before us may have read the first.
        raise _refused(
            "duplicate-keys",
            "an object that names a key more than once",
            "every key once",
            remedy="send each name once",
        )
    return document


def _count_keys(document: object, max_depth: int) -> int:
    """Keys of all objects, level by level, so that no depth can exhaust the stack."""
    n_keys, depth = 0, 0
    level: list[Any] = [document] if isinstance(document, dict | list) else []
    while level:
        depth += 1
        if depth > max_depth:
            raise _refused("too-deep", f"JSON nested more than {max_depth} levels deep", f"{max_depth} levels at most")
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                n_keys += len(container)
                container = container.values()  # noqa: PLW2901 - of both kinds only the values count from here on
            # Twice as fast as to look at each; the parser makes no subclasses.
            if not _CONTAINERS.isdisjoint(map(type, container)):
                below += [value for value in container if type(value) in _CONTAINERS]
        level = below
    return n_keys


def _has_duplicates(body: bytes, n_keys: int) -> bool:
    """Whether the text holds more keys than were parsed.

    Each count is at least the number of keys in the text, the last one is exactly that; the
    first that agrees with the parser settles it, which is the first for bodies without colons in
    their texts.
    """
    return (
        # Three times as fast as `bytes.count`.
        np.count_nonzero(np.frombuffer(body, np.uint8) == COLON) != n_keys
        and len(_KEY_END.findall(body)) != n_keys
        and _TEXT.sub(b"", body).count(b":") != n_keys
    )


def _refused(
    kind: str, found: str, expected: str, remedy: str = "see /openapi.json for what is accepted"
) -> RequestError:
    return RequestError(HTTPStatus.BAD_REQUEST, kind, found, expected=expected, remedy=remedy)
