"""The explainer: contributions of the live model, computed beside the interpreter.

Here: one thread a model that runs compiled code alone. It takes rows from shared memory and tells by a pipe which are
done, so that it neither waits for the interpreter nor makes it wait: to hand a row over to a thread of Python takes
longer than the walk through the trees. Keep out: the walk (`credit_risk.tree_walk`) and what contributions mean.
"""

import asyncio
import functools
import os
import signal
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from credit_risk.contributions import Contributions
from credit_risk.tree_walk import cached, compiled_walk
from credit_risk.trees import Floats

# Rows under way at once. Where more refusals wait, the machine is full, and a thread does not help. A byte counts them.
SLOTS = 64


class Explainer:
    """What the features of a model contribute; the thread ends when nobody holds the explainer any more.

    Args:
        contributions: of the model.
    """

    def __init__(self, contributions: Contributions) -> None:
        self._contributions = contributions
        self._rows = np.empty((SLOTS, contributions.n_features))
        requests, self._requests = os.pipe()
        answers, done = os.pipe()
        self._waiting = _Waiting(answers, np.empty_like(self._rows))
        threading.Thread(
            target=_walk_on_request,
            args=(compiled_loop(), requests, done, contributions, self._rows, self._waiting.found),
            name="explainer",
            daemon=True,
        ).start()
        weakref.finalize(self, os.close, self._requests)

    async def __call__(self, row: Floats) -> Floats:
        """(n_features,) log-odds, as `Contributions` gives them; from one event loop alone.

        Raises:
            ModelError: a row of another length.
        """
        waiting, read = self._waiting, self._contributions.as_read(row)
        if not waiting.free:
            return self._contributions(row)
        slot = waiting.free.pop()
        self._rows[slot] = read
        found = waiting.future(slot)
        os.write(self._requests, bytes((slot,)))
        return await found


class _Waiting:
    """Who waits for which slot. The event loop holds this, and not the explainer, which may go."""

    def __init__(self, answers: int, found: Floats) -> None:
        self.found = found
        self.free = list(range(SLOTS))
        self._answers = answers
        self._futures: dict[int, asyncio.Future[Floats]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        weakref.finalize(self, os.close, answers)

    def future(self, slot: int) -> asyncio.Future[Floats]:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._answers, self._collect)
        future = self._futures[slot] = self._loop.create_future()
        return future

    def _collect(self) -> None:
        assert self._loop is not None
        slots = os.read(self._answers, SLOTS)
        if not slots:
            # The thread has ended, and with this goes the last that holds the pipe.
            self._loop.remove_reader(self._answers)
        for slot in slots:
            future = self._futures.pop(slot)
            # A client that hung up has cancelled it.
            if not future.done():
                future.set_result(self.found[slot].copy())
            self.free.append(slot)


def _walk_on_request(
    loop: Callable[..., None], requests: int, done: int, contributions: Contributions, rows: Floats, found: Floats
) -> None:
    # A signal would end the wait for requests; the main thread takes them all.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        loop(requests, done, contributions.tables, rows, found)
    finally:
        os.close(requests)
        os.close(done)


@functools.cache
def compiled_loop() -> Callable[..., None]:
    """The thread's loop, compiled: in a second, or read from the cache beside this module."""
    import numba.core.typing

    # Numba describes its types to itself alone.
    types: Any = numba.types
    typing: Any = numba.core.typing
    walk: Any = compiled_walk()
    rows_type, tables_type = types.float64[:, ::1], types.Tuple(walk.nopython_signatures[0].args[:-1])
    # Of the C library.
    on_file = typing.signature(types.int64, types.int32, types.voidptr, types.uint64)
    read, write = types.ExternalFunction("read", on_file), types.ExternalFunction("write", on_file)
    one = np.uint64(1)

    def loop(requests: int, done: int, tables: Any, rows: Floats, found: Floats) -> None:  # noqa: ANN401 - Numba's tuple
        slot = np.empty(1, np.uint8)
        while read(requests, slot.ctypes.data, one) == 1:
            found[slot[0]] = walk(*tables, rows[slot[0]])
            write(done, slot.ctypes.data, one)

    compiled: Callable[..., None] = cached(
        types.void(types.int32, types.int32, tables_type, rows_type, rows_type), loop
    )
    return compiled
