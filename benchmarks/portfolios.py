"""The files that benchmarks read: a folder that is there, a made-up portfolio, or a share of the clients of either.

Here: making them once and finding them again under the cache folder. Run as a program, it writes the share of a
folder. Keep out: what is measured on them.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.memory import python
from credit_risk.tables.catalogue import TABLES

# As many applications as the published files hold.
FULL_SIZE = 356_255
SEED = 3
CACHE = Path(__file__).resolve().parent.parent / ".credit" / "bench"

# Clients are drawn by a hash of their key: a percent each.
PARTS = 100


def raw_folder(given: Path | None, clients: int, cache: Path = CACHE) -> Path:
    """The folder of the eight CSV files: the given one, or a made-up portfolio of so many clients, made once.

    Raises:
        FileNotFoundError: names every file that the given folder lacks.
        subprocess.CalledProcessError: the portfolio could not be made.
    """
    if given is not None:
        if absent := _absent(given):
            raise FileNotFoundError(f"{given} has no {', '.join(absent)}; expected the eight CSV files of Home Credit")
        return given
    folder = cache / f"clients-{clients}"
    if _absent(folder):
        print(f"Making a portfolio of {clients:,} clients in {folder}, once; later runs find it there.", flush=True)
        arguments = ("data", "synthesize", "--clients", str(clients), "--seed", str(SEED), "--out", folder)
        subprocess.run(python("cli", *arguments), check=True)  # noqa: S603  # our own command
    return folder


def share_of(folder: Path, percent: int, cache: Path = CACHE) -> Path:
    """A folder with the files of so many percent of the clients, made once.

    Raises:
        subprocess.CalledProcessError: it could not be made.
    """
    if percent == PARTS:
        return folder
    out = cache / f"{folder.name}-{_fingerprint(folder)}-{percent}pct"
    if not out.is_dir():
        print(f"Taking {percent} % of the clients of {folder} into {out}, once.", flush=True)
        subprocess.run(python("benchmarks.portfolios", folder, str(percent), out), check=True)  # noqa: S603
    return out


def read_once(folder: Path) -> int:
    """Read every file, so that no side waits for the disk that the next one need not. Returns the bytes."""
    size = 0
    for table in TABLES.values():
        with (folder / table.file_name).open("rb") as file:
            while chunk := file.read(1 << 24):
                size += len(chunk)
    return size


def write_share(folder: Path, percent: int, out: Path) -> None:
    """Write the rows of every hundredth client, so many times; a credit's months go with its client."""
    import duckdb

    temporary = out.with_name(f".{out.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    chosen = f"hash(SK_ID_CURR) % {PARTS} < {percent}"
    of_credit = f"SK_ID_BUREAU IN (SELECT SK_ID_BUREAU FROM {_source(folder, 'bureau')} WHERE {chosen})"  # noqa: S608
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            rows = of_credit if name == "bureau_balance" else chosen
            connection.execute(
                f"COPY (SELECT * FROM {_source(folder, name)} WHERE {rows}) "  # noqa: S608  # folders of this benchmark
                f"TO '{temporary / table.file_name}' (HEADER, DELIMITER ',')"
            )
    temporary.rename(out)


def _absent(folder: Path) -> list[str]:
    return [table.file_name for table in TABLES.values() if not (folder / table.file_name).is_file()]


def _source(folder: Path, table: str) -> str:
    return f"read_csv('{folder / TABLES[table].file_name}', all_varchar = true, header = true, delim = ',')"


def _fingerprint(folder: Path) -> str:
    """Eight digits that change with the files."""
    states = [(folder / table.file_name).stat() for table in TABLES.values()]
    text = f"{folder.resolve()} {[(state.st_size, state.st_mtime_ns) for state in states]}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def main() -> int:
    """Write a share of a folder's clients."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portfolios", description=write_share.__doc__)
    parser.add_argument("folder", type=Path, help="the eight CSV files")
    parser.add_argument("percent", type=int, choices=range(1, PARTS), metavar="PERCENT", help="of the clients, 1 to 99")
    parser.add_argument("out", type=Path, help="folder to make")
    arguments = parser.parse_args()
    write_share(arguments.folder, arguments.percent, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
