"""The model registry as the service reaches it: opened when first needed, opened again after a failure.

Here: what keeps MLflow and the lake out of the import of the service. Keep out: when to ask
for a model (`live_model`).
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from resources.database import Database

if TYPE_CHECKING:
    from resources.registry import Registry, StoredModel


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

    def load(self, version: str) -> "StoredModel":
        """One version. Raises ModelError, UnavailableError."""
        return self._opened().load(version)

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
