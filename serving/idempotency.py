"""Idempotency: the same key and the same request get the same decision, and only one is made.

Here: the header, who waits for whom, and where an answer is looked for. Requests of one
process meet in a table of running ones, those of a machine at the key locks, those of several
machines at the unique key in PostgreSQL. While PostgreSQL is away the machine's own files
answer (`answer_index`). Keep out: SQL (`resources.idempotency`) and files.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from resources.prediction_log import DecisionRecord, IdempotencyKey
from serving.answer_index import AnswerIndex
from serving.key_locks import KeyLocks
from serving.problems import RequestError
from serving.recorder import Recorder

HEADER = "Idempotency-Key"

# A UUID has 36 characters; some systems join several of them.
MAX_LENGTH = 255

Decide = Callable[[], Awaitable[DecisionRecord]]


def key_of(header: str | None, key_id: str | None, body: bytes, query: bytes = b"") -> IdempotencyKey | None:
    """The key of a request, or None when it has none.

    Args:
        header: as it was sent.
        key_id: of the API key. Two callers that choose the same key do not meet.
        body: as it was sent; another order of its members is another request.
        query: of the address, because it asks for another answer.

    Raises:
        RequestError: 400, it is no key.
    """
    if header is None:
        return None
    if not 1 <= len(header) <= MAX_LENGTH or not all("!" <= character <= "~" for character in header):
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "invalid-idempotency-key",
            f"an {HEADER} of {len(header)} characters, or with others than visible ASCII",
            expected=f"1 to {MAX_LENGTH} visible ASCII characters, without spaces",
            remedy="send a fresh UUID for each application, and the same one with each retry",
        )
    # An id of an API key has no colon, so that no pair of ids and keys is another pair.
    return IdempotencyKey(f"{key_id or ''}:{header}", hashlib.sha256(body + b"?" + query).hexdigest())


class Idempotency:
    """Makes sure that a request with a key is decided once.

    Args:
        recorder: puts decisions on record.
        index: of what this machine answered.
        locks: of this machine's keys, open.
    """

    def __init__(self, recorder: Recorder, index: AnswerIndex, locks: KeyLocks) -> None:
        self._recorder = recorder
        self._index = index
        self._locks = locks
        self._running: dict[str, asyncio.Task[DecisionRecord]] = {}

    async def once(self, key: IdempotencyKey | None, decide: Decide) -> DecisionRecord:
        """The decision that answers a request: the stored one, or a new one; on record when this returns.

        A stored one comes without its features.

        Args:
            key: of the request, or None for a decision of its own.
            decide: makes the decision; called at most once, and not for a request that this
                machine has answered. A request that fails in it leaves its key free.

        Raises:
            RequestError: 422 the key was used for another request; 503 it is busy for too long.
            UnavailableError: the decision cannot be put on record.
        """
        if key is None:
            return await self._recorder.record(await decide())
        while (running := self._running.get(key.key)) is not None:
            await asyncio.wait([running])
            if not running.cancelled() and running.exception() is None:
                return _same_request(running.result(), key)
        # A task of its own: a client that hangs up must not free the key before its decision
        # is on record, or a retry would be a second decision.
        running = asyncio.create_task(self._answer_alone(key, decide))
        self._running[key.key] = running
        return _same_request(await asyncio.shield(running), key)

    async def _answer_alone(self, key: IdempotencyKey, decide: Decide) -> DecisionRecord:
        try:
            async with self._locks.hold(key.key):
                return await self._answer(key, decide)
        finally:
            del self._running[key.key]

    async def _answer(self, key: IdempotencyKey, decide: Decide) -> DecisionRecord:
        # The files first: what the shipper takes out of them is in PostgreSQL by then.
        if (known := self._index.find(key.key)) is not None:
            return known
        try:
            decision = await decide()
        except Exception:
            # What could be decided yesterday may not be any more (another model, a client that
            # is gone): its answer stands all the same.
            if (stored := await self._recorder.find_answer(key.key)) is not None:
                return stored
            raise
        return await self._recorder.record(replace(decision, idempotency=key))


def _same_request(answer: DecisionRecord, key: IdempotencyKey) -> DecisionRecord:
    if answer.idempotency is not None and answer.idempotency.request_sha256 == key.request_sha256:
        return answer
    raise RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        f"an {HEADER} that was used for another request",
        expected="a key of its own for every application, and the same body with every retry",
        remedy="send this application with a fresh key",
    )
