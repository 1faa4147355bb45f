"""The application: routes, layers and the parts behind them put together.

Here: composition alone. Keep out: anything that happens to a request, and starting parts (`running`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from resources.settings import Settings
from serving import log_intake, observe, outcomes, predict, stored
from serving.access import Access
from serving.contract import install_openapi
from serving.limits import SecurityHeaders
from serving.live_model import LOOK_INTERVAL_S, ModelSource
from serving.metrics import Metrics
from serving.problems import install_problems
from serving.running import running_parts

_DESCRIPTION = """
Scores applications for credit and puts every decision on record before it is answered.
Errors are problem JSON (RFC 9457): found / expected / what to do.
"""


def create_app(
    settings: Settings,
    *,
    source: ModelSource | None = None,
    write_deadline_s: float | None = None,
    look_interval_s: float = LOOK_INTERVAL_S,
) -> FastAPI:
    """The service. Nothing connects before it is started.

    Args:
        settings: of the platform.
        source: where models come from; none means the platform's registry.
        write_deadline_s: seconds after which a decision goes to the journal instead; none means the setting's.
        look_interval_s: seconds between two looks at the registry.
    """
    metrics = Metrics()
    deadline_s = settings.record_deadline_ms / 1000 if write_deadline_s is None else write_deadline_s

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = running_parts(
            settings, metrics, source=source, write_deadline_s=deadline_s, look_interval_s=look_interval_s
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
        # Prometheus and the log say what happens here; looking for other listeners takes time with every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.include_router(predict.router)
    app.include_router(stored.router)
    app.include_router(observe.router)
    app.include_router(outcomes.router)
    app.include_router(log_intake.router)
    predict.take_directly(app)
    app.add_middleware(Access, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    install_problems(app)
    install_openapi(app)
    return app
