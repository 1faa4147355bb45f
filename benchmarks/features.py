"""`make bench-features`: the features of all clients from the raw files, against pandas, floors and Dagster.

Here: the sides in turn, each in a fresh process, and the figures as Markdown. Add a side to SIDES and to
`features_side`. Keep out: what a side does.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.features_side import STEP
from benchmarks.memory import Usage, measured, python
from benchmarks.portfolios import CACHE, FULL_SIZE, PARTS, raw_folder, read_once, share_of
from credit_risk.tables.catalogue import TABLES

PANDAS, OURS, SCAN, COPY, GROWTH = "pandas", "ours", "floor-scan", "floor-copy", "growth"
SIDES = {
    PANDAS: "the kernel in pandas: CSV to a frame in memory",
    "kernel-ours": "the kernel's columns by our engine: CSV to a frame in memory",
    OURS: "ours: CSV to `client_features`",
    "ours-code": "ours: code changed, all features from Parquet",
    "ours-table": "ours: one raw table changed, its CSV and what hangs on it",
    "dagster": "ours through Dagster: data contracts and metadata included",
    COPY: "floor: CSV to typed Parquet, nothing checked",
    SCAN: "floor: that Parquet read once",
}
# These start from the tables that ours wrote.
AFTER_OURS = ("ours-code", "ours-table", SCAN)
PERCENTAGES = (10, 30, PARTS)
# Above, wall seconds say what else ran.
QUIET_LOAD = 0.3


@dataclass(frozen=True)
class Benchmark:
    """What is measured, and where.

    Attributes:
        raw: the eight CSV files.
        work: a folder for everything that sides write.
        changed: the raw table that changed.
    """

    raw: Path
    work: Path
    changed: str

    def run(self, side: str, raw: Path | None = None) -> Usage:
        """One side from start to end. What the disk still has to write is written before."""
        os.sync()
        home = self.work / (OURS if side in AFTER_OURS else side)
        if side not in AFTER_OURS:
            shutil.rmtree(home, ignore_errors=True)
        folder = raw or self.raw
        if side == PANDAS:
            return measured(python("benchmarks.kernel_pandas", folder))
        return measured(python("benchmarks.features_side", side, folder, home, "--changed", self.changed))


def least(first: Usage | None, second: Usage) -> Usage:
    """The least time of two runs, which is what the work needs, and the highest peak."""
    if first is None:
        return second
    return Usage(
        wall=min(first.wall, second.wall),
        cpu=min(first.cpu, second.cpu),
        peak=max(first.peak, second.peak),
        said=second.said,
    )


def in_turn(benchmark: Benchmark, sides: Sequence[str], repetitions: int) -> dict[str, Usage]:
    """Every side once, then every side again: a busy moment does not hit one alone."""
    usages: dict[str, Usage] = {}
    if OURS not in sides and any(side in AFTER_OURS for side in sides):
        print("Preparing the tables that rebuilds start from; not measured.", flush=True)
        benchmark.run(OURS)
    for _ in range(repetitions):
        for side in sides:
            print(f"Running {side} ...", end=" ", flush=True)
            usage = benchmark.run(side)
            usages[side] = least(usages.get(side), usage)
            result = usage.said.strip().splitlines()[-1] if usage.said.strip() else ""
            print(f"{usage.wall:.1f} s, CPU {usage.cpu:.1f} s, {usage.peak / 1e9:.2f} GB ({result})", flush=True)
    return usages


def growth(benchmark: Benchmark, full: Usage | None) -> dict[int, Usage]:
    """Ours on shares of the clients."""
    usages = {}
    for percent in PERCENTAGES:
        if percent == PARTS and full is not None:
            usages[percent] = full
            continue
        folder = share_of(benchmark.raw, percent)
        read_once(folder)
        print(f"Running {OURS} on {percent} % of the clients ...", flush=True)
        usages[percent] = benchmark.run(OURS, folder)
    return usages


def side_table(usages: Mapping[str, Usage]) -> Iterator[str]:
    """A row a side, and how many times as long pandas takes."""
    yield "| side | wall | CPU | peak memory | pandas / side, wall | pandas / side, CPU |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    peer = usages.get(PANDAS)
    for side, usage in usages.items():
        times = [f"{peer.wall / usage.wall:.1f} x", f"{peer.cpu / usage.cpu:.1f} x"] if peer else ["", ""]
        cells = [SIDES[side], f"{usage.wall:.1f} s", f"{usage.cpu:.1f} s", f"{usage.peak / 1e9:.2f} GB", *times]
        yield f"| {' | '.join(cells)} |"


def floor_table(usages: Mapping[str, Usage]) -> Iterator[str]:
    """How much of our time no program could save."""
    pairs = [(OURS, COPY), ("kernel-ours", COPY), ("ours-code", SCAN), ("dagster", OURS)]
    present = [(side, floor) for side, floor in pairs if side in usages and floor in usages]
    if not present:
        return
    yield "| side | of that | share of wall | share of CPU |"
    yield "| --- | --- | ---: | ---: |"
    for side, floor in present:
        whole, part = usages[side], usages[floor]
        yield f"| {SIDES[side]} | {SIDES[floor]} | {part.wall / whole.wall:.0%} | {part.cpu / whole.cpu:.0%} |"


def step_table(usage: Usage | None) -> Iterator[str]:
    """Where the time of a side goes; what is left to its whole is the start of Python and its imports."""
    rows = [line for line in usage.said.splitlines() if line.startswith(STEP)] if usage else []
    if rows:
        yield from ("| step | wall | CPU |", "| --- | ---: | ---: |", *rows)


def growth_table(usages: Mapping[int, Usage]) -> Iterator[str]:
    """Time and memory by the share of clients; 1.0 in the last columns is linear."""
    yield "| clients | wall | CPU | peak memory | wall against linear | CPU against linear |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    whole = usages[PARTS]
    for percent, usage in usages.items():
        share = percent / PARTS
        cells = [f"{percent} %", f"{usage.wall:.1f} s", f"{usage.cpu:.1f} s", f"{usage.peak / 1e9:.2f} GB"]
        cells += [f"{usage.wall / whole.wall / share:.2f}", f"{usage.cpu / whole.cpu / share:.2f}"]
        yield f"| {' | '.join(cells)} |"


def machine(size: int, clients: str) -> Iterator[str]:
    """What the figures were taken on."""
    memory = psutil.virtual_memory().total / 1e9
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pandas", "duckdb", "ibis-framework", "dagster"))
    load = os.getloadavg()[0]
    yield f"Files: {clients}, {size / 1e9:.2f} GB of CSV, in the page cache."
    yield f"Machine: {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()};"
    yield f"{libraries}; load before the start {load:.1f}{'' if load < QUIET_LOAD else ': not quiet, read the CPU'}."


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    sides = {**SIDES, GROWTH: "ours at 10, 30 and 100 % of the clients"}
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.features",
        description="Compute the features of all clients from the raw files: ours, the public kernel in pandas, the\n"
        "floors, and Dagster. Prints wall and CPU seconds, peak memory and ratios as Markdown.",
        epilog="sides:\n" + "\n".join(f"  {name:<12} {what}" for name, what in sides.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--raw", type=Path, help="folder of the eight CSV files; else a portfolio is made up, once")
    parser.add_argument("--clients", type=int, default=FULL_SIZE, help=f"size of that portfolio ({FULL_SIZE:,})")
    parser.add_argument("--sides", nargs="+", choices=sides, default=[*sides], metavar="SIDE", help="only these")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each side, in turn; the least counts (1)")
    parser.add_argument(
        "--changed",
        choices=TABLES,
        default="installments_payments",
        metavar="TABLE",
        help="the raw table that changed (installments_payments, the largest)",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sides and print the figures. Returns the exit code."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        raw = raw_folder(options.raw, options.clients)
        about = list(machine(read_once(raw), str(raw) if options.raw else f"{options.clients:,} made-up clients"))
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="features-", dir=CACHE) as work:
            benchmark = Benchmark(raw, Path(work), options.changed)
            usages = in_turn(benchmark, [side for side in SIDES if side in options.sides], options.repeat)
            grown = growth(benchmark, usages.get(OURS)) if GROWTH in options.sides else {}
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(error, getattr(error, "output", None) or "", sep="\n", file=sys.stderr)
        return 1
    tables = [
        about,
        side_table(usages),
        floor_table(usages),
        step_table(usages.get(OURS)),
        growth_table(grown) if grown else [],
    ]
    for lines in tables:
        text = "\n".join(lines)
        print(f"\n{text}" if text else "", end="\n" if text else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
