"""The model registry as the service reaches it: opened when first needed, opened again after a failure.

Here: what keeps MLflow and the lake out of the import of the service. Keep out: when to ask
for a model (`live_model`).
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg

from credit_risk.errors import UnavailableError
from resources.database import Database
from resources.live_models import LiveModels
from resources.stored_model import StoredModel

if TYPE_CHECKING:
    from resources.registry import Registry


class RegistrySource:
    """The production model of the platform's registry.

    Args:
        database: gives the database that holds the registry's tables; may raise UnavailableError.
        lake_root: where the files of the models are.
    """

    def __init__(self, database: Callable[[], Database], lake_root: str) -> None:
        self._database = database
        self._lake_root = lake_root
        self._registry: Registry | None = None

    def production_version(self) -> str | None:
        """The version that the registry calls production, or None. Raises UnavailableError."""
        return self._opened().production_version()

    def load(self, version: str) -> StoredModel:
        """One version. Raises ModelError, UnavailableError."""
        return self._opened().load(version)

    def live_since(self, version: str) -> str | None:
        """Since when the history has had a version in production, or None when it has another one there.

        Asked of our own table: the answer is there before MLflow is even imported.

        Raises:
            UnavailableError: the database does not answer, or has no such table.
        """
        try:
            stay = LiveModels(self._database()).current()
        except psycopg.Error as error:
            raise UnavailableError(
                f"no history of live models ({type(error).__name__})",
                expected="the table credit.live_models, and the right to read it",
                remedy="run `credit db upgrade`",
            ) from None
        return stay.live_from.isoformat() if stay is not None and stay.model_version == version else None

    def _opened(self) -> "Registry":
        database = self._database()
        # After a crash the embedded database may come back under another address.
        if self._registry is None or self._registry.database.url != database.url:
            from resources.lake import Lake
            from resources.registry import open_registry

            # Output is for log lines, one JSON object each, as `logs` configures them.
            os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "false")
            self._registry = open_registry(database, Lake(self._lake_root))
        return self._registry
