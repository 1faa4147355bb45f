"""`make bench-serving`: the scoring service under load, against its floor and the ways that others serve a model.

Here: the sides in turn, over real HTTP, and the figures as Markdown. Add a side to `serving_sides`. Keep out: what
a side does, and how it is loaded (`serving_load`).
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.serving_files import Bench
from benchmarks.serving_load import Window, loaded, measure, running
from benchmarks.serving_model import bench
from benchmarks.serving_outages import CONNECTIONS as OUTAGE_CONNECTIONS
from benchmarks.serving_outages import HEAD as OUTAGE_HEAD
from benchmarks.serving_outages import outages
from benchmarks.serving_platform import Platform, running_platform
from benchmarks.serving_process import ServerError, free_port
from benchmarks.serving_sides import OURS, SIDES, Site
from benchmarks.serving_tables import SOAK_HEAD, about, cost_table, error_lines, ratio_table, side_table, soak_row
from credit_risk.errors import CreditError

CONNECTIONS = (1, 16, 64)
# Long enough for thousands of answers of the fast sides, and some of the slowest.
SECONDS = 5.0
SOAK_CONNECTIONS = 16
SOAK_WINDOW_S = 60.0


def in_turn(platform: Platform, made: Bench, options: argparse.Namespace) -> dict[str, dict[int, Window]]:
    """Every side that can be measured here; of the others one line says why not."""
    figures = {}
    for name in options.sides:
        print(f"Running {name} ...", end=" ", flush=True)
        try:
            site = Site(made, platform, free_port())
            figures[name] = measure(name, SIDES[name], site, options.connections, options.seconds)
        except ServerError as error:
            print(f"not measured: {error}", flush=True)
            continue
        told = [f"{window.rate:,.0f}/s at {connections}" for connections, window in figures[name].items()]
        print(", ".join(told), flush=True)
    return figures


def soak(platform: Platform, made: Bench, options: argparse.Namespace) -> None:
    """Ours under steady load, a row a minute.

    Raises:
        ServerError: it does not last.
    """
    print(f"\nSoak: ours, {SOAK_CONNECTIONS} connections.\n\n" + "\n".join(SOAK_HEAD), flush=True)
    side, site = SIDES[OURS], Site(made, platform, free_port())
    with running("soak", side, site) as server:
        windows = loaded(server, side, site, connections=SOAK_CONNECTIONS, seconds=SOAK_WINDOW_S, windows=options.soak)
        for minute, window in enumerate(windows, 1):
            print(soak_row(minute, window), flush=True)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving",
        description="Load the scoring service and its peers over HTTP, one after the other. Prints requests a second,\n"
        "latencies, errors and CPU as Markdown, and ratios of ours to each peer in the same run.",
        epilog="sides:\n" + "\n".join(f"  {name:<16} {side.what}" for name, side in SIDES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--connections", type=int, nargs="+", default=[*CONNECTIONS], metavar="N", help="(1 16 64)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each window ({SECONDS:.0f})")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=[*SIDES], metavar="SIDE", help="only these")
    parser.add_argument("--features", type=int, metavar="N", help="that the model scores (all that are computed)")
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES", help="ours for so long, after the sides")
    parser.add_argument("--outages", action="store_true", help="ours while PostgreSQL is not there, after the sides")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sides and print the figures. Returns the exit code."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        made, load = bench(options.features), os.getloadavg()[0]
        with running_platform(made) as platform:
            figures = in_turn(platform, made, options)
            tables = [about(made.about(), load), side_table(figures), ratio_table(figures), cost_table(figures)]
            for lines in (*tables, error_lines(figures)):
                text = "\n".join(lines)
                print(f"\n{text}" if text else "", end="\n" if text else "", flush=True)
            if options.soak:
                soak(platform, made, options)
            if options.outages:
                print(f"\nOutages: ours, {OUTAGE_CONNECTIONS} connections.\n\n" + "\n".join(OUTAGE_HEAD), flush=True)
                for row in outages(platform, Site(made, platform, free_port())):
                    print(row, flush=True)
    except (CreditError, ServerError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # Ours is what this is about; that a peer cannot be had is said above.
    return 1 if OURS in options.sides and OURS not in figures else 0


if __name__ == "__main__":
    sys.exit(main())
