"""The application: parts built at start, put together with the routes, closed in order at the end.

Here: composition alone. Keep out: anything that happens to a request.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from resources.settings import Settings
from serving import observe, predict
from serving.access import Access
from serving.contract import install_openapi
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase
from serving.journal import Journal
from serving.live_model import LOOK_INTERVAL_S, LiveModel, ModelSource
from serving.metrics import Metrics
from serving.parts import Parts
from serving.problems import install_problems
from serving.recorder import WRITE_DEADLINE_S, Recorder
from serving.registry_source import RegistrySource
from serving.shipper import Shipper

# How long the first request may be held back to find out what is there. Importing MLflow
# takes 6 s on a small machine; a registry that hangs is not waited for.
START_WAIT_S = 15.0

_DESCRIPTION = """
Scores applications for credit and puts every decision on record before it is answered.
Errors are problem JSON (RFC 9457): found / expected / what to do.
"""


def create_app(
    settings: Settings,
    *,
    source: ModelSource | None = None,
    write_deadline_s: float = WRITE_DEADLINE_S,
    look_interval_s: float = LOOK_INTERVAL_S,
) -> FastAPI:
    """The service. Nothing connects before it is started.

    Args:
        settings: of the platform.
        source: where models come from; none means the platform's registry.
        write_deadline_s: seconds after which a decision goes to the journal instead.
        look_interval_s: seconds between two looks at the registry.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = running_parts(
            settings, metrics, source=source, write_deadline_s=write_deadline_s, look_interval_s=look_interval_s
        )
        async with running as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="Credit scoring",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        # A redirect would send an application to whatever host the request names.
        redirect_slashes=False,
    )
    app.include_router(predict.router)
    app.include_router(observe.router)
    app.add_middleware(Access, metrics=metrics)
    install_problems(app)
    install_openapi(app)
    return app


@asynccontextmanager
async def running_parts(
    settings: Settings,
    metrics: Metrics,
    *,
    source: ModelSource | None,
    write_deadline_s: float,
    look_interval_s: float,
) -> AsyncIterator[Parts]:
    """Start every part, and close them so that nothing that was accepted is lost."""
    journal = Journal(settings.journal_dir)
    journal.prepare()
    watchdog, outage = Watchdog(), threading.Event()
    database = DecisionDatabase(settings, watchdog)
    recorder = Recorder(journal, watchdog, outage, metrics, deadline_s=write_deadline_s)
    shipper = Shipper(database, journal, recorder, watchdog, outage, metrics, deadline_s=write_deadline_s)
    source = source or RegistrySource(database.database, settings.lake_root)
    last_good = settings.home / "serving" / "last_good_model"
    live_model = LiveModel(source, last_good, metrics, look_interval_s=look_interval_s)
    parts = Parts(live_model, recorder, journal, database, metrics)
    _observe(parts)
    watchdog.start()
    recorder.start(asyncio.get_running_loop())
    shipper.start()
    await asyncio.to_thread(live_model.start, wait_s=START_WAIT_S)
    await asyncio.to_thread(shipper.wait_for_first_look, START_WAIT_S)
    try:
        yield parts
    finally:
        # The shipper first, so that it hands no connection to a recorder that has ended.
        await asyncio.to_thread(shipper.stop)
        await asyncio.to_thread(recorder.close)
        await asyncio.to_thread(live_model.stop)
        await asyncio.to_thread(watchdog.stop)


def _observe(parts: Parts) -> None:
    gauge = parts.metrics.gauge
    gauge("credit_journal_records", "Decisions that wait in the local journal.", parts.journal.depth)
    gauge("credit_journal_age_seconds", "Age of the oldest journal segment.", parts.journal.age_s)
    gauge("credit_database_up", "1 while decisions go to PostgreSQL.", lambda: float(parts.recorder.connected))
    gauge(
        "credit_registry_up",
        "1 while the live model is what the registry calls production.",
        lambda: float(parts.live_model.problem is None),
    )
