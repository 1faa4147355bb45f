"""Feature tables in the lake: immutable versions, and a pointer to the newest.

Here: where a version lives and how it is read. Keep out: how features are computed.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import pandas as pd

from credit_risk.errors import ModelError
from resources.lake import Lake

POINTER = "features/current.json"


class FeatureStore:
    """Versions of `client_features`: one row a client, named by what they were computed from."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @staticmethod
    def name(version: str) -> str:
        """Name of a version's file in the lake."""
        return f"features/client_features/{version}.parquet"

    def exists(self, version: str) -> bool:
        """Whether the version is complete."""
        return self.lake.exists(self.name(version))

    def publish(self, version: str, *, raw_sha256: dict[str, str]) -> None:
        """Make a complete version the current one."""
        content = {"feature_version": version, "raw_sha256": raw_sha256}
        self.lake.write_bytes(POINTER, orjson.dumps(content, option=orjson.OPT_INDENT_2))

    def current_version(self) -> str:
        """The newest version.

        Raises:
            ModelError: there is none yet.
        """
        return str(self._pointer()["feature_version"])

    def raw_sha256(self) -> dict[str, str]:
        """Digests of the raw files that the current version was computed from. Raises ModelError."""
        return dict(self._pointer()["raw_sha256"])

    def frame(self, version: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A version as a frame, or some of its columns.

        Raises:
            ModelError: there is no such version.
        """
        try:
            return self.lake.read_frame(self.name(version), columns)
        except FileNotFoundError:
            raise _absent(f"no feature version {version}") from None

    def _pointer(self) -> dict[str, Any]:
        try:
            pointer: dict[str, Any] = orjson.loads(self.lake.read_bytes(POINTER))
        except FileNotFoundError:
            raise _absent("no feature table") from None
        return pointer


def _absent(found: str) -> ModelError:
    return ModelError(found, expected="one in the lake", remedy="materialize client_features")
