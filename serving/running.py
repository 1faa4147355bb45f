"""The parts of the service from start to end: built, started, and closed in the reverse order.

Here: what each part is made from, and when it may end. Add a part where those that it needs have been started.
Keep out: routes (`app`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from credit_risk.reasons import Catalogue
from resources.reason_catalogue import load_catalogue
from resources.settings import Settings
from serving.answer_index import AnswerIndex
from serving.answer_log import AnswerLog
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase
from serving.feature_reader import READ_DEADLINE_S
from serving.features_lookup import FeatureLookup
from serving.idempotency import Idempotency
from serving.journal import Journal
from serving.key_locks import KeyLocks
from serving.key_ring import KeyRing, copy_of_keys
from serving.keys import Gate, is_loopback
from serving.limits import RateLimiter
from serving.live_model import LiveModel, ModelSource
from serving.metrics import Metrics
from serving.model_shelf import ModelShelf
from serving.parts import Parts
from serving.record_reader import RecordReader
from serving.recorder import Recorder
from serving.registry_source import RegistrySource
from serving.served_model import ServedModel
from serving.shipper import Shipper
from serving.side_write import SideWriter
from serving.signals import Signals

# How long the first request may be held back to find out what is there. Importing MLflow
# takes 6 s on a small machine; a registry that hangs is not waited for.
START_WAIT_S = 15.0


@asynccontextmanager
async def running_parts(
    settings: Settings,
    metrics: Metrics,
    *,
    source: ModelSource | None,
    write_deadline_s: float,
    look_interval_s: float,
) -> AsyncIterator[Parts]:
    """Start every part, and close them so that nothing that was accepted is lost.

    Args:
        settings: of the platform.
        metrics: of the service.
        source: where models come from; none means the platform's registry.
        write_deadline_s: seconds after which a decision goes to the journal instead.
        look_interval_s: seconds between two looks at the registry.
    """
    catalogue = load_catalogue(settings)
    journal = Journal(settings.journal_dir, max_bytes=settings.journal_max_mb * 2**20)
    journal.prepare()
    answers = AnswerLog(settings.home / "serving" / "answers")
    index = AnswerIndex((journal.directory, answers.directory))
    locks = KeyLocks(journal.directory)
    watchdog = Watchdog()
    database = DecisionDatabase(settings, watchdog)
    recorder = Recorder(journal, answers, watchdog, metrics, deadline_s=write_deadline_s)
    shipper = Shipper(database, journal, answers, index, recorder, watchdog, metrics, deadline_s=write_deadline_s)
    source = source or RegistrySource(database.database, settings.lake_root)
    live_model = LiveModel(
        source,
        settings.home / "serving" / "last_good_model",
        metrics,
        look_interval_s=look_interval_s,
        requirements=[partial(_can_be_explained, catalogue=catalogue)],
    )
    ring = KeyRing(database, watchdog, copy_of_keys(settings))
    lookup = FeatureLookup(partial(database.connect, deadline_s=READ_DEADLINE_S), watchdog)
    signals = Signals(
        metrics,
        live_model=live_model,
        recorder=recorder,
        journal=journal,
        database=database.database,
        database_max_gb=settings.database_max_gb,
    )
    async with AsyncExitStack() as closing:
        _start(closing, watchdog.start, watchdog.stop)
        _start(closing, locks.open, locks.close)
        _start(closing, ring.start, ring.stop)
        _start(closing, partial(recorder.start, asyncio.get_running_loop()), recorder.close, answers.close)
        # Ends before the recorder, so that it hands no connection to one that has ended.
        _start(closing, shipper.start, shipper.stop)
        closing.push_async_callback(asyncio.to_thread, live_model.stop)
        closing.push_async_callback(asyncio.to_thread, lookup.close)
        await asyncio.gather(
            asyncio.to_thread(live_model.start, wait_s=START_WAIT_S),
            asyncio.to_thread(shipper.wait_for_first_look, START_WAIT_S),
            asyncio.to_thread(ring.wait_for_first_look, START_WAIT_S),
            asyncio.to_thread(lookup.start),
        )
        _start(closing, signals.start, signals.stop)
        yield Parts(
            live_model=live_model,
            recorder=recorder,
            idempotency=Idempotency(recorder, index, locks),
            journal=journal,
            database=database,
            metrics=metrics,
            gate=Gate(ring, RateLimiter(), loopback=is_loopback(settings.api_host)),
            lookup=lookup,
            reasons=catalogue,
            reasons_limit=settings.reasons_limit,
            models=ModelShelf(live_model, source),
            records=RecordReader(database, watchdog, settings.lake_root),
            side_writer=SideWriter(database, watchdog),
        )


def _start(closing: AsyncExitStack, start: Callable[[], None], *ends: Callable[[], None]) -> None:
    """Start a part, and have it ended, first end first, when everything that was started after it has ended."""
    start()
    for end in reversed(ends):
        closing.push_async_callback(asyncio.to_thread, end)


def _can_be_explained(model: ServedModel, *, catalogue: Catalogue) -> None:
    catalogue.check(model.scorer.scored_names)
    # Prepares the trees and their thread, for which the first refusal would wait.
    _ = model.explainer
