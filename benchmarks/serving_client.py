"""The load client: connections that each send the next request as soon as the last one was answered.

Here: a program of its own on bare sockets, with requests prepared to the byte, because it shares the machine's
cores with what it measures; and what it heard, counted. Keep out: which server, and what its figures mean.
"""

import argparse
import asyncio
import math
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import orjson

OK = 200
HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)

# What the runner waits for before it looks at the clocks of the server.
BEGIN = b"begin\n"

# A server that turns connections away is asked again, but not in a loop that takes its core.
RECONNECT_S = 0.05
# A connection that no answer ended is closed after this long, so that a hung server ends the run.
LINGER_S = 15.0


class Answer(NamedTuple):
    """One whole answer: its status, and whether the server closes the connection after it."""

    status: int
    closes: bool


def read_answer(received: bytes) -> Answer | None:
    """The answer at the start of what was received, or None while it is not whole.

    Raises:
        ValueError: this is no HTTP/1.1, or an answer of unknown length.
    """
    end = received.find(HEAD_END)
    if end < 0:
        return None
    head = received[: end + 2]
    if not head.startswith(b"HTTP/1."):
        raise ValueError("an answer that is not HTTP/1.1")
    length = LENGTH.search(head)
    if length is not None:
        whole = len(received) >= end + len(HEAD_END) + int(length[1])
    elif CHUNKED.search(head):
        whole = received.endswith(LAST_CHUNK)
    else:
        raise ValueError("an answer without a length")
    return Answer(int(head[9:12]), CLOSE.search(head) is not None) if whole else None


def prepared(url: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """A POST to the last byte."""
    address = urlsplit(url)
    lines = [
        f"POST {address.path} HTTP/1.1",
        f"Host: {address.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + HEAD_END + body


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; nan of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


@dataclass
class Heard:
    """What was answered in one window.

    Attributes:
        latencies: seconds from the first byte sent to the last received, of answers with status 200.
        errors: everything else, by what it was.
    """

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)

    def summary(self, seconds: float, cpu: float) -> dict[str, object]:
        """Plain values for the runner; latencies in milliseconds."""
        ordered = sorted(self.latencies)
        shares = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "longest": 1.0}
        return {
            "answers": len(ordered),
            "seconds": seconds,
            "errors": dict(self.errors),
            "cpu": cpu,
            **{name: percentile(ordered, share) * 1000 for name, share in shares.items()},
        }


class Load:
    """What the connections share: the requests in turn, and the window that answers are counted in.

    An answer counts in the window that it arrives in. Each connection waits for its answer before it
    sends again, so none is left out of the latencies.
    """

    def __init__(self, host: str, port: int, requests: Sequence[bytes]) -> None:
        self.requests: Iterator[bytes] = cycle(requests)
        self.heard = Heard()
        self.ended = False
        self._address = (host, port)
        self._open: set[Connection] = set()
        self._silent = asyncio.Event()
        self._silent.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self, wait_s: float = 0.0) -> None:
        """Open one more connection, in the background."""
        task = asyncio.get_running_loop().create_task(self._connect(wait_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Send nothing more; wait for the answers that are due."""
        self.ended = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._silent.wait(), LINGER_S)
        for connection in list(self._open):
            connection.close()

    def opened(self, connection: "Connection") -> None:
        """A connection stands."""
        self._open.add(connection)
        self._silent.clear()

    def lost(self, connection: "Connection", *, waiting: bool) -> None:
        """A connection ended; `waiting` when an answer was due. Another takes its place."""
        self._open.discard(connection)
        if not self._open:
            self._silent.set()
        if waiting:
            self.heard.errors["connection closed"] += 1
        if not self.ended:
            self.connect(RECONNECT_S if waiting else 0.0)

    async def _connect(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        try:
            await asyncio.get_running_loop().create_connection(lambda: Connection(self), *self._address)
        except OSError as error:
            self.heard.errors[f"no connection ({error.strerror or type(error).__name__})"] += 1
            if not self.ended:
                self.connect(RECONNECT_S)


class Connection(asyncio.Protocol):
    """One connection: request, answer, request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._waiting = False
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are of no class of asyncio's, but act like this one.
        self._transport = cast("asyncio.Transport", transport)
        self._load.opened(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole, and send the next request."""
        self._received = self._received + data if self._received else data
        try:
            answer = read_answer(self._received)
        except ValueError as error:
            self._load.heard.errors[str(error)] += 1
            self._waiting = False
            self._transport.close()
            return
        if answer is None:
            return
        if answer.status == OK:
            self._load.heard.latencies.append(perf_counter() - self._sent)
        else:
            self._load.heard.errors[f"status {answer.status}"] += 1
        self._received, self._waiting = b"", False
        if answer.closes:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        """The end, whoever wanted it."""
        self._load.lost(self, waiting=self._waiting)

    def close(self) -> None:
        """Give up on the answer."""
        self._transport.abort()

    def _send(self) -> None:
        if self._load.ended:
            self._transport.close()
            return
        self._waiting = True
        self._sent = perf_counter()
        self._transport.write(next(self._load.requests))


async def run(load: Load, options: argparse.Namespace) -> None:
    """Warm up, then count: a line of JSON a window."""
    for _ in range(options.connections):
        load.connect()
    await asyncio.sleep(options.warm_up)
    for number in range(options.windows):
        load.heard, started, cpu = Heard(), perf_counter(), process_time()
        if number == 0:
            tell(BEGIN)
        await asyncio.sleep(options.seconds)
        heard, seconds, spent = load.heard, perf_counter() - started, process_time() - cpu
        tell(orjson.dumps(heard.summary(seconds, spent)) + b"\n")
    await load.end()


def tell(line: bytes) -> None:
    """A line to the runner, at once."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def main() -> int:
    """Load one server."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving_client", description=__doc__)
    parser.add_argument("url", help="where to post")
    parser.add_argument("bodies", type=Path, help="request bodies, one a line")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a window")
    parser.add_argument("--windows", type=int, default=1)
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds before the first window")
    parser.add_argument("--header", action="append", default=[], help="'Name: value', with every request")
    options = parser.parse_args()
    requests = [prepared(options.url, body, options.header) for body in options.bodies.read_bytes().splitlines()]
    address = urlsplit(options.url)

    import uvloop

    async def load() -> None:
        await run(Load(str(address.hostname), int(address.port or 80), requests), options)

    uvloop.run(load())
    return 0


if __name__ == "__main__":
    sys.exit(main())
