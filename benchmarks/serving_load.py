"""One side under load: its server started, asked once to see that it answers right, loaded, stopped.

Here: the client's windows beside the clocks of server and database. Keep out: which sides there are
(`serving_sides`), and tables (`serving_tables`).
"""

import json
import math
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from benchmarks.memory import python
from benchmarks.serving_client import BEGIN
from benchmarks.serving_platform import Platform
from benchmarks.serving_process import Server, ServerError, cpu_seconds, memory_bytes
from benchmarks.serving_sides import Side, Site

# A probability of the same booster by another library call may differ in its last bits.
TOLERANCE = 1e-9
ASK_TIMEOUT_S = 30.0
# Connections, caches and the database's plans are there by then.
WARM_UP_S = 2.0
# A client whose server hangs ends by itself before this.
CLIENT_TIMEOUT_S = 60.0
LATENCIES = ("p50", "p95", "p99", "longest")


@dataclass(frozen=True)
class Window:
    """What one window of load showed.

    Attributes:
        rate: answers with status 200, a second.
        p50: latency in milliseconds; p95, p99 and longest alike.
        errors: all other outcomes, by what they were.
        server_cpu: cores that the server's processes used; database_cpu and client_cpu alike.
        memory: bytes of the server's processes at the end.
    """

    rate: float
    p50: float
    p95: float
    p99: float
    longest: float
    errors: Mapping[str, int]
    server_cpu: float
    database_cpu: float
    client_cpu: float
    memory: int

    @property
    def n_errors(self) -> int:
        """Everything that was no answer with status 200."""
        return sum(self.errors.values())


@contextmanager
def running(name: str, side: Side, site: Site) -> Iterator[Server]:
    """The side's server, once it has answered the first body rightly.

    Raises:
        ServerError: it cannot be measured here; says why.
    """
    base = f"http://127.0.0.1:{site.port}"
    with Server(side.start(site), site.platform.settings.home / f"{name}.log") as server:
        server.wait_until(lambda: _is_ready(base + side.ready))
        first = site.bench.bodies(side.bodies).read_bytes().split(b"\n", 1)[0]
        status, answer = _ask(base + side.path, first, side.headers(site))
        if status != HTTPStatus.OK:
            said = f":\n{server.last_words()}" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
            raise ServerError(f"the server answered the first body with {status}: {_told(answer)}{said}")
        expected = site.bench.about()[side.expected] if side.expected else None
        found = side.probability(json.loads(answer))
        if expected is not None and abs(found - expected) > TOLERANCE:
            raise ServerError(f"the server answered with a probability of {found}, the model says {expected}")
        server.settle()
        yield server


def loaded(
    server: Server, side: Side, site: Site, *, connections: int, seconds: float, windows: int = 1
) -> Iterator[Window]:
    """Load the server; a window at a time.

    Raises:
        ServerError: the client failed, or decisions are not on record.
    """
    platform = site.platform
    before = platform.stored_decisions() if side.records else 0
    answered = 0
    options = {"connections": connections, "seconds": seconds, "windows": windows, "warm-up": WARM_UP_S}
    flags = [flag for name, value in options.items() for flag in (f"--{name}", str(value))]
    flags += [f"--header={name}: {value}" for name, value in side.headers(site).items()]
    command = python(
        "benchmarks.serving_client",
        f"http://127.0.0.1:{site.port}{side.path}",
        str(site.bench.bodies(side.bodies)),
        *flags,
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:  # noqa: S603  # our own client
        assert client.stdout is not None
        if client.stdout.readline() == BEGIN:
            clocks = _clocks(server, platform)
            for line in client.stdout:
                spent = [now - then for now, then in zip(_clocks(server, platform), clocks, strict=True)]
                clocks = [then + more for then, more in zip(clocks, spent, strict=True)]
                heard = json.loads(line)
                answered += heard["answers"]
                yield _window(heard, spent, memory_bytes(server.pid))
        if client.wait(CLIENT_TIMEOUT_S):
            raise ServerError(f"the load client ended with exit code {client.returncode}")
    on_record = platform.stored_decisions() - before if side.records else answered
    if on_record < answered:
        raise ServerError(f"{answered} decisions answered, and {on_record} on record in PostgreSQL")


def measure(name: str, side: Side, site: Site, counts: Sequence[int], seconds: float) -> dict[int, Window]:
    """One window at each number of connections, on one server.

    Raises:
        ServerError: it cannot be measured here.
    """
    windows = {}
    with running(name, side, site) as server:
        for connections in counts:
            for window in loaded(server, side, site, connections=connections, seconds=seconds):
                windows[connections] = window
    return windows


def _window(heard: Mapping[str, Any], spent: Sequence[float], memory: int) -> Window:
    seconds = heard["seconds"]
    # JSON has no nan: null says that nothing was answered.
    p50, p95, p99, longest = (math.nan if (ms := heard[name]) is None else float(ms) for name in LATENCIES)
    return Window(
        rate=heard["answers"] / seconds,
        p50=p50,
        p95=p95,
        p99=p99,
        longest=longest,
        errors=heard["errors"],
        server_cpu=spent[0] / seconds,
        database_cpu=spent[1] / seconds,
        client_cpu=heard["cpu"] / seconds,
        memory=memory,
    )


def _clocks(server: Server, platform: Platform) -> list[float]:
    return [cpu_seconds(server.pid), platform.database_cpu_seconds()]


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ASK_TIMEOUT_S) as answer:  # noqa: S310  # a server of our own
            body = answer.read()
    except OSError:
        return False
    return not url.endswith("/health") or json.loads(body)["status"] == "healthy"


def _ask(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ASK_TIMEOUT_S) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _told(answer: bytes) -> str:
    """What problem JSON or another error says, in short."""
    try:
        told = json.loads(answer)
    except ValueError:
        told = {}
    return str(told.get("detail") or told)[:300] if isinstance(told, dict) else str(told)[:300]
