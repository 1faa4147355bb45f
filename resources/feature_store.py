"""Feature tables in the lake: immutable versions, and a pointer to the newest of each table.

Here: where a version lives, what it was computed from, and how it is read. Keep out: how
features are computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson
import pandas as pd

from credit_risk.errors import ModelError
from resources.lake import Lake

# The table of all clients; the others hold the features of one source each.
CLIENT_FEATURES = "client_features"


@dataclass(frozen=True)
class FeatureVersion:
    """A version of a table: its name, and the digests of the raw files that it was computed from."""

    version: str
    raw_sha256: dict[str, str]


class FeatureStore:
    """Versions of feature tables, one row a client, named by what they were computed from."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @staticmethod
    def file(table: str, version: str) -> str:
        """Name of a version's file in the lake."""
        return f"features/{table}/{version}.parquet"

    def exists(self, table: str, version: str) -> bool:
        """Whether the version is there; files appear complete or not at all."""
        return self.lake.exists(self.file(table, version))

    def publish(self, table: str, version: str, raw_sha256: Mapping[str, str]) -> None:
        """Make a version that is there the newest one of its table."""
        content = asdict(FeatureVersion(version, dict(raw_sha256)))
        self.lake.write_bytes(_pointer(table), orjson.dumps(content, option=orjson.OPT_INDENT_2))

    def newest(self, table: str = CLIENT_FEATURES) -> FeatureVersion:
        """The newest version of a table.

        Raises:
            ModelError: there is none yet.
        """
        try:
            return FeatureVersion(**orjson.loads(self.lake.read_bytes(_pointer(table))))
        except FileNotFoundError:
            raise _absent(f"no feature table {table}", table) from None

    def frame(self, version: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A version of the features of all clients, or some of its columns.

        Raises:
            ModelError: there is no such version.
        """
        try:
            return self.lake.read_frame(self.file(CLIENT_FEATURES, version), columns)
        except FileNotFoundError:
            raise _absent(f"no feature version {version}", CLIENT_FEATURES) from None


def _pointer(table: str) -> str:
    return f"features/{table}/newest.json"


def _absent(found: str, table: str) -> ModelError:
    return ModelError(found, expected="one in the lake", remedy=f"materialize the asset of {table}")
