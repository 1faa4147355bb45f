"""A made-up portfolio in the format of Home Credit Default Risk: eight CSV files from one seed.

Here: `synthesize`, which draws clients chunk by chunk and writes what they applied for, how they
repaid, and whether they defaulted. Keep out: what a table is made of (its own module).
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from credit_risk.errors import SettingsError
from simulation import default_risk
from simulation.application_forms import application_forms, with_rare_values
from simulation.clients import (
    CHUNK,
    FIRST_CLIENT,
    STRANGER,
    TEST,
    TRAIN,
    Clients,
    Population,
    draw_clients,
    population,
)
from simulation.columns import Floats, Ints, Table
from simulation.histories import FIRST_BUREAU, FIRST_PREVIOUS, Histories, draw_histories
from simulation.kaggle_csv import CsvFolder, file_name
from simulation.new_files import new_files
from simulation.profile import Profile, load_profile

Progress = Callable[[str, int, int], None]

# What progress is counted in: clients drawn, then rows put into their final order.
CLIENTS, ROWS = "clients", "rows in file order"

# Below this the test file and the rarer tables could be empty, which no loader should accept.
FEWEST_CLIENTS = 100

# Room on disk for one client's rows: 7,500 bytes in all eight files, and a little to work in.
BYTES_PER_CLIENT = 8_000

# What the order of rows is drawn from, beside the seed: apart from everything that the rows say.
ORDER = 1


@dataclass(frozen=True)
class PortfolioSummary:
    """What was written, and what is known about it."""

    out: Path
    clients: int
    rows: dict[str, int]
    default_rate: float
    best_auc: float
    seconds: float


@dataclass(frozen=True)
class Chunk:
    """All tables of some clients, and the labelled clients' known probabilities of default."""

    tables: dict[str, Table]
    applicants: int
    probability: Floats
    defaults: int
    next_keys: tuple[int, int]


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def synthesize(
    n_clients: int, seed: int, out: Path, progress: Progress = _silent, *, overwrite: bool = False
) -> PortfolioSummary:
    """Write the eight CSV files of a made-up portfolio into `out`, all of them or none.

    The same seed and size give the same bytes. Memory is that of two chunks of clients, whatever
    the size; room on disk that of the files, which grow out of their own parts.

    Args:
        n_clients: applicants in both application files, split as the published 307,511 : 48,744.
        seed: any number from 0.
        out: folder for the files, made when it is missing.
        progress: called with what was done (CLIENTS, then ROWS), how many, and out of how many.
        overwrite: replace CSV files of these names that are in `out` already.

    Raises:
        SettingsError: too few clients, a negative seed, or a folder that cannot be used.
    """
    if n_clients < FEWEST_CLIENTS or seed < 0:
        raise SettingsError(
            f"{n_clients} clients and seed {seed}",
            expected=f"at least {FEWEST_CLIENTS} clients and a seed from 0",
            remedy="ask for more clients or another seed",
        )
    started = time.perf_counter()
    profile = load_profile()
    names = [file_name(name) for name in profile.tables]
    with (
        new_files(out, names, n_clients * BYTES_PER_CLIENT, overwrite=overwrite) as work,
        closing(CsvFolder(work, profile, count_chunks(n_clients), np.random.SeedSequence([seed, ORDER]))) as folder,
    ):
        probability, defaults = _written(folder, draw_chunks(profile, n_clients, seed), n_clients, progress)
        rows = folder.rows
    return PortfolioSummary(
        out=out,
        clients=n_clients,
        rows=rows,
        default_rate=defaults / len(probability),
        best_auc=default_risk.best_auc(probability),
        seconds=time.perf_counter() - started,
    )


def _written(folder: CsvFolder, chunks: Iterator[Chunk], n_clients: int, progress: Progress) -> tuple[Floats, int]:
    """Write all chunks; the known probabilities of the labelled clients, and how many defaulted."""
    probabilities, defaults, done = [], 0, 0
    # One chunk is written while the next is drawn; waiting for it bounds the memory.
    writing: Future[None] | None = None
    with ThreadPoolExecutor(max_workers=1) as writer:
        for chunk in chunks:
            if writing is not None:
                writing.result()
            writing = writer.submit(_write, folder, chunk.tables)
            probabilities.append(chunk.probability)
            defaults += chunk.defaults
            done += chunk.applicants
            progress(CLIENTS, done, n_clients)
        if writing is not None:
            writing.result()
    folder.finish(lambda done, total: progress(ROWS, done, total))
    return np.concatenate(probabilities), defaults


def count_chunks(n_clients: int) -> int:
    """Chunks of equal size: a rest of a few people might hold nobody for one of the files."""
    return max(round(n_clients / CHUNK), 1)


def draw_chunks(profile: Profile, n_clients: int, seed: int) -> Iterator[Chunk]:
    """All tables of the portfolio, a chunk of clients at a time, each from its own seed."""
    root = np.random.SeedSequence(seed)
    people = population(profile, n_clients, np.random.default_rng(root.spawn(1)[0]))
    n_chunks = count_chunks(n_clients)
    parts = np.array_split(np.arange(len(people.roles)), n_chunks)
    keys = (FIRST_BUREAU, FIRST_PREVIOUS)
    for members, sequence in zip(parts, root.spawn(n_chunks), strict=True):
        chunk = draw_chunk(profile, people, members, keys, sequence)
        keys = chunk.next_keys
        yield chunk


def draw_chunk(
    profile: Profile,
    people: Population,
    members: Ints,
    first_keys: tuple[int, int],
    sequence: np.random.SeedSequence,
) -> Chunk:
    """All tables of the `members` of the population."""
    # One generator for each noun: a change in one leaves the draws of the others as they were.
    who, forms, past, label = (np.random.default_rng(child) for child in sequence.spawn(4))
    clients = draw_clients(profile, FIRST_CLIENT + members, people.roles[members], who)
    histories = draw_histories(profile, clients, first_keys, past)
    train = _applications(profile, "application_train", clients, forms)
    labelled = members[clients.roles == TRAIN]
    train = with_rare_values(train, people.unknown_gender[labelled], people.unknown_family[labelled])
    probability = _probability(profile, train, histories, clients)
    target = default_risk.draw_targets(probability, label)
    tables = histories.tables | {
        "application_train": train | {"TARGET": target},
        "application_test": _applications(profile, "application_test", clients, forms),
    }
    return Chunk(
        tables=tables,
        applicants=int((clients.roles != STRANGER).sum()),
        probability=probability,
        defaults=int(target.sum()),
        next_keys=(histories.next_bureau, histories.next_previous),
    )


def _applications(profile: Profile, name: str, clients: Clients, rng: np.random.Generator) -> Table:
    """The forms of the clients whose application is in the named file."""
    rows = clients.roles == (TRAIN if name == "application_train" else TEST)
    scores = {column: score[rows] for column, score in clients.scores.items()}
    form = application_forms(profile[name], scores, clients.unknown_to_bureau[rows], rng)
    return form | {"SK_ID_CURR": clients.keys[rows]}


def _probability(profile: Profile, train: Table, histories: Histories, clients: Clients) -> Floats:
    labelled = clients.roles == TRAIN
    signals = {
        name: signal[labelled] for name, signal in default_risk.history_signals(histories, len(clients.keys)).items()
    }
    signals |= default_risk.application_signals(train)
    signals |= default_risk.category_signals(train, profile["application_train"])
    return default_risk.default_probability(signals, int(labelled.sum()))


def _write(folder: CsvFolder, tables: dict[str, Table]) -> None:
    for name, table in tables.items():
        folder.append(name, table)
