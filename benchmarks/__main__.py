"""`make bench`: every short benchmark, or those named: `make bench ARGS="drift"`.

`features` and `worth` take minutes and options: `make bench-features`, `make bench-worth`.
"""

import sys

from benchmarks import drift, intake

BENCHMARKS = {"drift": drift.run, "intake": intake.run}


def main(names: list[str]) -> int:
    """Run the named benchmarks, all of them without names. Returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"found {', '.join(unknown)}; expected some of {', '.join(BENCHMARKS)}; correct ARGS", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"== {name}")
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
