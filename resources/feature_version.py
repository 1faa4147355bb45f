"""The record of a feature version: what it was computed from, when, and what is in it.

Here: the record that stands beside a version's data, and its JSON. Add a field with a default,
so that older records stay readable. Keep out: where records are (`feature_store`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from credit_risk.errors import ModelError


@dataclass(frozen=True)
class FeatureVersion:
    """A version of a feature table.

    Attributes:
        table: the feature table.
        version: its name, which follows from code and raw files.
        code_version: of the code that computed it.
        raw_sha256: of the raw files that it was computed from, by raw table.
        created_at: ISO 8601, UTC.
        rows: clients in it.
        missing: share of missing values by feature, in the order of its columns.
        sources: the versions that it was put together from, by feature table; none for the features of one source.
    """

    table: str
    version: str
    code_version: str
    raw_sha256: dict[str, str]
    created_at: str
    rows: int
    missing: dict[str, float]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def created(self) -> datetime:
        """`created_at` as a time that compares."""
        moment = datetime.fromisoformat(self.created_at)
        return moment.replace(tzinfo=moment.tzinfo or UTC)

    def contradicts(self, other: "FeatureVersion") -> list[str]:
        """Fields in which two records of one version differ, though it follows from code and files alone."""
        return [name for name in ("code_version", "raw_sha256", "rows") if getattr(self, name) != getattr(other, name)]

    def to_json(self) -> bytes:
        """As JSON; `from_json` gives back an equal record."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, content: bytes, where: str) -> Self:
        """The record of a JSON text.

        Args:
            content: what `to_json` wrote, here or in a newer release.
            where: its address, for the error.

        Raises:
            ModelError: not JSON, or without some of the fields; names them.
        """
        values = _object(content)
        absent = [f.name for f in fields(cls) if f.name not in values and f.name != "sources"]
        if absent:
            raise ModelError(
                f"a record of a feature version without {', '.join(absent)} at {where}",
                expected="what `FeatureVersion.to_json` writes",
                remedy="remove the file, and materialize the features again",
                fields={"absent": absent},
            )
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        values = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}
