"""Logs: one JSON object a line on standard output, from the service and from its libraries.

Here: the configuration, called once by the process. Keep out: personal data: `SK_ID_CURR`
and features are never logged; `prediction_id` leads to them for who may see them.
"""

import logging
import sys
from typing import Any

import orjson
import structlog

# Libraries that tell at INFO what nobody acts on. MLflow repeats a stack trace every two
# seconds for as long as its database is away; `live_model` says it once.
QUIET = {
    "alembic": logging.WARNING,
    "botocore": logging.WARNING,
    "httpx": logging.WARNING,
    "mlflow": logging.CRITICAL,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.WARNING,
}

# Local variables hold applications.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logs() -> None:
    """Send everything to standard output as JSON."""
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_to_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(serializer=_to_json),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def _to_json(event: Any, **_: Any) -> str:  # noqa: ANN401 - structlog's own signature
    return orjson.dumps(event, default=str).decode()
