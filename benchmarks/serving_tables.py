"""The figures of the service benchmark as Markdown.

Here: tables from windows, and the machine they were taken on. Keep out: taking them.
"""

import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import psutil

from benchmarks.serving_load import Window
from benchmarks.serving_sides import OURS, SIDES

# By side, then by number of connections.
Figures = Mapping[str, Mapping[int, Window]]

LIBRARIES = ("fastapi", "uvicorn", "lightgbm", "mlflow", "psycopg")
# Above, figures say what else ran.
QUIET_LOAD = 0.3
MB = 1e6


def side_table(figures: Figures) -> Iterator[str]:
    """A row a side and number of connections."""
    yield (
        "| side | connections | requests/s | p50 ms | p95 ms | p99 ms | errors "
        "| cores: server | PostgreSQL | client | server MB |"
    )
    yield "| --- |" + " ---: |" * 10
    for side, windows in figures.items():
        for connections, window in windows.items():
            cells = [SIDES[side].what, str(connections), f"{window.rate:,.0f}"]
            cells += [f"{latency:,.1f}" for latency in (window.p50, window.p95, window.p99)]
            cells += [str(window.n_errors)]
            cells += [f"{cpu:.2f}" for cpu in (window.server_cpu, window.database_cpu, window.client_cpu)]
            cells += [f"{window.memory / MB:,.0f}"]
            yield f"| {' | '.join(cells)} |"


def ratio_table(figures: Figures) -> Iterator[str]:
    """How many times the requests a second of every other side ours answers, and how its p99 compares."""
    own = figures.get(OURS)
    others = [side for side in figures if side != OURS]
    if not own or not others:
        return
    counts = list(own)
    heads = [f"{what}, {count}" for what in ("requests/s: ours / side", "p99: ours / side") for count in counts]
    yield f"| side | {' | '.join(heads)} |"
    yield "| --- |" + " ---: |" * len(heads)
    for side in others:
        windows = figures[side]
        rates = [_ratio(own[count].rate, windows[count].rate) if count in windows else "" for count in counts]
        tails = [_ratio(own[count].p99, windows[count].p99) if count in windows else "" for count in counts]
        yield f"| {SIDES[side].what} | {' | '.join(rates + tails)} |"


def error_lines(figures: Figures) -> Iterator[str]:
    """What the errors were."""
    for side, windows in figures.items():
        for connections, window in windows.items():
            if window.errors:
                told = ", ".join(f"{count} x {what}" for what, count in window.errors.items())
                yield f"- {SIDES[side].what}, {connections} connections: {told}"


def cost_table(figures: Figures) -> Iterator[str]:
    """CPU of one answer: what is left of the differences when a machine has more cores."""
    yield "| side | connections | CPU ms an answer: server | PostgreSQL | client |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for side, windows in figures.items():
        for connections, window in windows.items():
            if window.rate:
                spent = (window.server_cpu, window.database_cpu, window.client_cpu)
                cells = [f"{cpu / window.rate * 1000:.3f}" for cpu in spent]
                yield f"| {SIDES[side].what} | {connections} | {' | '.join(cells)} |"


def soak_row(minute: int, window: Window) -> str:
    """One minute of a soak; the first one comes with the head of the table."""
    cells = [str(minute), f"{window.rate:,.0f}", f"{window.p50:,.1f}", f"{window.p99:,.1f}", f"{window.longest:,.0f}"]
    cells += [str(window.n_errors), f"{window.memory / MB:,.0f}"]
    return f"| {' | '.join(cells)} |"


SOAK_HEAD = (
    "| minute | requests/s | p50 ms | p99 ms | longest ms | errors | server MB |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def about(figures: Mapping[str, Any], load: float) -> Iterator[str]:
    """Model, bodies and machine."""
    yield (
        f"Model: {figures['n_features']} features, {figures['n_trees']:,} trees of {figures['n_leaves']} leaves. "
        f"Bodies: {figures['body_bytes'] / 1000:.0f} kB, {figures['missing_share']:.0%} of the values missing."
    )
    memory = psutil.virtual_memory().total / 1e9
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    yield f"Machine: {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()};"
    yield f"{libraries}; load before the start {load:.1f}{'' if load < QUIET_LOAD else ': not quiet'}."


def _ratio(ours: float, other: float) -> str:
    return f"{ours / other:.2f}" if other else ""
