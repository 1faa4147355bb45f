"""`credit replay`: make stored decisions again, and report every difference.

Here: which decisions, with which model, and what people read about it. Keep out: the comparison
(`credit_risk.replay`), reading decisions (`resources.prediction_log`) and models (`resources.registry`).
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from rich.markup import escape
from rich.progress import track
from rich.table import Table

from cli.console import console, errors
from credit_risk.errors import CreditError, ModelError
from credit_risk.reasons import Catalogue
from credit_risk.replay import Difference, differences, is_unexplained
from resources.database import open_database
from resources.lake import Lake
from resources.prediction_log import DecisionRecord, ErasedError, PredictionLog
from resources.reason_catalogue import load_catalogue
from resources.settings import load_settings

if TYPE_CHECKING:
    from credit_risk.scoring import Scorer
    from resources.registry import Registry

# Decisions come in the order of time, and models follow each other: two at a promotion, a few after
# rollbacks. A model of 600 features is some tens of megabytes.
MODELS_AT_ONCE = 4
# How `credit history import` marks the decisions of an older system.
IMPORTED = "import:"
# Short enough to be typed again.
MOST_SEEDS = 1_000_000
# What a person reads; a script reads the exit code.
ROWS_SHOWN = 50


@dataclass
class Outcome:
    """What a replay found.

    Attributes:
        replayed: decisions that were made again.
        versions: of the models that had made them.
        differing: decisions with at least one difference.
        unexplained: refusals without reasons on record.
        imported: decisions of an older system, whose model is not here.
        shown: the first rows of the table: prediction, model, difference.
        n_differences: all of them.
    """

    replayed: int = 0
    versions: set[str] = field(default_factory=set)
    differing: int = 0
    unexplained: int = 0
    imported: int = 0
    shown: list[tuple[UUID, str, Difference]] = field(default_factory=list)
    n_differences: int = 0

    def add(self, record: DecisionRecord, found: Sequence[Difference]) -> None:
        """Count a decision that was made again."""
        self.replayed += 1
        self.versions.add(record.model_version)
        self.differing += bool(found)
        self.unexplained += is_unexplained(record)
        self.n_differences += len(found)
        room = ROWS_SHOWN - len(self.shown)
        self.shown += [(record.prediction_id, record.model_version, difference) for difference in found[:room]]


def run(prediction_ids: list[UUID] | None, day: date | None, sample: int | None, seed: int | None = None) -> int:
    """Replay the decisions that were asked for; exit code 1 when one differs.

    Args:
        prediction_ids: these.
        day: or all of a UTC day.
        sample: or so many by chance.
        seed: what draws the same sample again; None draws another one, and says which.

    Raises:
        CreditError: not exactly one choice of decisions, or ids that are not on record; names every one.
        UnavailableError: the database or the registry does not answer.
    """
    if sum(bool(choice) for choice in (prediction_ids, day, sample)) != 1:
        raise CreditError(
            "no choice of decisions, or more than one",
            expected="prediction ids, or --day, or --sample",
            remedy="see `credit replay --help`",
        )
    settings = load_settings()
    database = open_database(settings)
    from resources.decision_archive import DecisionArchive
    from resources.registry import open_registry

    lake = Lake(settings.lake_root)
    log, registry = PredictionLog(database, DecisionArchive(database, lake)), open_registry(database, lake)
    if sample and seed is None:
        seed = secrets.randbelow(MOST_SEEDS)
    total, records = _chosen(log, prediction_ids or [], day, sample, seed or 0)
    outcome = replay(
        track(records, "replaying", total, console=errors, transient=True), registry, load_catalogue(settings)
    )
    _print(outcome)
    if sample:
        console.print(f"the same sample again: --sample {sample} --seed {seed}")
    return 1 if outcome.differing else 0


def replay(records: Iterable[DecisionRecord], registry: "Registry", catalogue: Catalogue) -> Outcome:
    """Make decisions again one after the other, each with the model that made it.

    Raises:
        UnavailableError: the registry does not answer.
    """
    scorer_of = lru_cache(MODELS_AT_ONCE)(lambda version: _load(registry, version))
    outcome = Outcome()
    for record in records:
        if record.model_version.startswith(IMPORTED):
            outcome.imported += 1
            continue
        scorer = scorer_of(record.model_version)
        if isinstance(scorer, ModelError):
            outcome.add(record, [Difference("model", record.model_version, scorer.found)])
        else:
            outcome.add(record, differences(record, scorer, catalogue))
    return outcome


def _load(registry: "Registry", version: str) -> "Scorer | ModelError":
    """The model, or what is wrong with it: the decisions of other models are replayed all the same."""
    from credit_risk.scoring import Scorer

    try:
        stored = registry.load(version)
        return Scorer(stored.booster_text, stored.manifest)
    except ModelError as error:
        return error


def _chosen(
    log: PredictionLog, prediction_ids: Sequence[UUID], day: date | None, sample: int | None, seed: int
) -> tuple[int, Iterator[DecisionRecord]]:
    """How many decisions there are to replay, and these."""
    if day is not None:
        return _some(log.count_by_day(day, day).get(day, 0), f"on {day}"), log.decisions_of(day)
    if sample is not None:
        return min(sample, _some(log.count(), "on record")), log.sample(sample, seed=seed)
    found, erased = {}, []
    for prediction_id in prediction_ids:
        try:
            found[prediction_id] = log.get(prediction_id)
        except ErasedError:
            erased.append(str(prediction_id))
    if erased:
        raise ErasedError(
            f"{len(erased)} predictions whose clients were erased: {', '.join(erased)}",
            expected="decisions with their features",
            remedy="leave them out: nothing brings their features back",
        )
    unknown = [str(prediction_id) for prediction_id, record in found.items() if record is None]
    if unknown:
        raise CreditError(
            f"{len(unknown)} of {len(found)} predictions that are not on record: {', '.join(unknown)}",
            expected="ids as the answers of the service carry them",
            remedy="correct them; a decision that waits in a journal comes on record when PostgreSQL is back",
        )
    return len(found), (record for record in found.values() if record is not None)


def _some(n: int, where: str) -> int:
    """As many, or an error: a check of nothing is none."""
    if n:
        return n
    raise CreditError(
        f"no decision {where}", expected="decisions to replay", remedy="choose another day, or decide on an application"
    )


def _print(outcome: Outcome) -> None:
    if outcome.shown:
        console.print(difference_table(outcome))
    if (more := outcome.n_differences - len(outcome.shown)) > 0:
        console.print(f"and {more} more differences")
    models = ", ".join(sorted(outcome.versions, key=lambda version: (len(version), version)))
    verdict = f"[bold red]{outcome.differing} differ[/]" if outcome.differing else "[green]no difference[/]"
    console.print(f"{outcome.replayed} decisions replayed (models: {models or 'none'}): {verdict}")
    if outcome.unexplained:
        console.print(f"{outcome.unexplained} refusals have no reasons on record")
    if outcome.imported:
        console.print(f"{outcome.imported} decisions of an older system left out: its model is not here")


def difference_table(outcome: Outcome) -> Table:
    """The differences as a table for people; what applicants sent is not printed."""
    table = Table(title="Differences")
    for column in ("prediction", "model", "what", "on record", "replayed"):
        table.add_column(column, overflow="fold")
    for prediction_id, version, difference in outcome.shown:
        values = [difference.stored, difference.replayed]
        if difference.what.endswith(": value"):
            values = ["not shown", "not shown"]
        table.add_row(str(prediction_id), escape(version), difference.what, *(escape(str(value)) for value in values))
    return table
