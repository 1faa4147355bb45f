"""One decision, and the names of the features that its model accepts.

Here: what a decision holds, and its one line of JSON for the journal. Add a field when a
decision must remember more. Keep out: SQL (`decision_rows`, `prediction_log`), and how an
application becomes a decision (`serving`).
"""

import base64
import hashlib
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import orjson

from credit_risk.errors import CreditError

# Models alive in one journal: a few; decisions of an older format may each bring their own.
UNPACKED_NAMES = 64


class DecisionError(CreditError):
    """A decision carries features that its model does not know, or of another kind."""


class ErasedError(CreditError):
    """A decision whose client was erased: what it was made from is gone for good."""


def erased_error(prediction_id: UUID) -> ErasedError:
    """The error of a decision that cannot be shown or made again, because its client was erased."""
    return ErasedError(
        f"decision {prediction_id}, whose client was erased",
        expected="a decision with its features",
        remedy="nothing brings them back; that it was made, when, and how it came out is still in credit.predictions",
    )


@dataclass(frozen=True)
class FeatureNames:
    """Which features a model accepts, in its order: values are stored by their place in it.

    Attributes:
        numbers: names of the features that are numbers.
        texts: names of the categories. A name in both holds a number in some decisions, text in others.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, object]]) -> "FeatureNames":
        """The names found in features whose model nobody knows, sorted: those of an older system."""
        numbers: set[str] = set()
        texts: set[str] = set()
        for row in rows:
            for name, value in row.items():
                if value is not None:
                    (texts if isinstance(value, str) else numbers).add(name)
        return cls(tuple(sorted(numbers)), tuple(sorted(texts)))

    @cached_property
    def id(self) -> str:
        """The feature set's id: the same names in the same order have the same one."""
        return hashlib.sha256(orjson.dumps([self.numbers, self.texts])).hexdigest()[:16]

    @cached_property
    def packed(self) -> str:
        """The names as a line of the journal carries them: 20 kB of names become 3 kB."""
        return base64.b64encode(zlib.compress(orjson.dumps([self.numbers, self.texts]), 9)).decode()

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.numbers) | frozenset(self.texts)

    @cached_property
    def _absent(self) -> tuple[list[float], list[None]]:
        return [math.nan] * len(self.numbers), [None] * len(self.texts)

    @cached_property
    def _in_both(self) -> tuple[tuple[int, int], ...]:
        """Places of the names that stand for a number in some decisions and for text in others."""
        places = {name: place for place, name in enumerate(self.numbers)}
        return tuple(
            (places[name], place) for place, name in enumerate(self.texts, len(self.numbers)) if name in places
        )

    def row(self, features: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the names: numbers, nan where missing; then texts, None where missing.

        Raises:
            DecisionError: features that are none of these; names every one.
        """
        if not self._known.issuperset(features):
            raise self._unknown(features)
        no_numbers, no_texts = self._absent
        row = [*map(features.get, self.numbers, no_numbers), *map(features.get, self.texts, no_texts)]
        for number, text in self._in_both:
            if isinstance(row[text], str):
                row[number] = math.nan
            else:
                row[text] = None
        return row

    def features(self, numbers: Iterable[float | None], texts: Iterable[str | None]) -> dict[str, Any]:
        """The inverse of `row`: values by name, missing ones left out."""
        known: dict[str, Any] = {
            name: value for name, value in zip(self.numbers, numbers, strict=True) if value is not None
        }
        return known | {name: value for name, value in zip(self.texts, texts, strict=True) if value is not None}

    def _unknown(self, features: Mapping[str, Any]) -> DecisionError:
        unknown = sorted(name for name in features if name not in self._known)
        return DecisionError(
            f"a decision with {len(unknown)} features outside its feature set {self.id}: {', '.join(unknown)}",
            expected="only names that the deciding model accepts",
            remedy="give the record the feature names of the model that scored it",
            fields={"unknown": unknown},
        )


@lru_cache(maxsize=UNPACKED_NAMES)
def unpack_names(packed: str) -> FeatureNames:
    """The inverse of `FeatureNames.packed`; a ValueError says that it is not one."""
    try:
        numbers, texts = orjson.loads(zlib.decompress(base64.b64decode(packed)))
    except zlib.error as error:
        raise ValueError("damaged feature names") from error
    return FeatureNames(tuple(numbers), tuple(texts))


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a retry the same request: the key, of one API key's own, and the digest of the body."""

    key: str
    request_sha256: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it is stored; `created_at` is stamped once and travels with it.

    Attributes:
        features: values by name as they were sent; missing ones left out (None counts as left out).
        feature_names: of the model that decided; every feature must be one of them.
        idempotency: travels with the decision to the journal; it is not part of the prediction log.
    """

    prediction_id: UUID
    created_at: datetime
    sk_id_curr: int
    probability: float
    prediction: int
    decision: str
    threshold: float
    model_version: str
    inference_time_ms: float | None
    n_features_missing: int | None
    features: Mapping[str, Any]
    feature_names: FeatureNames
    reasons: Sequence[Mapping[str, Any]] = ()
    idempotency: IdempotencyKey | None = None

    def __post_init__(self) -> None:
        """A record equals what is read back of it, whether its reasons came as a list or a tuple."""
        object.__setattr__(self, "reasons", tuple(self.reasons))

    def to_json(self) -> bytes:
        """One line of JSON, without a line end, that needs nothing else to be read.

        Raises:
            DecisionError: features outside `feature_names`.
        """
        row = self.feature_names.row(self.features)
        n_numbers = len(self.feature_names.numbers)
        return orjson.dumps(
            {
                "prediction_id": self.prediction_id,
                "created_at": self.created_at,
                "sk_id_curr": self.sk_id_curr,
                "probability": self.probability,
                "prediction": self.prediction,
                "decision": self.decision,
                "threshold": self.threshold,
                "model_version": self.model_version,
                "inference_time_ms": self.inference_time_ms,
                "n_features_missing": self.n_features_missing,
                "reasons": self.reasons,
                "idempotency": self.idempotency,
                "names": self.feature_names.packed,
                "numbers": row[:n_numbers],
                "texts": row[n_numbers:],
            }
        )

    @classmethod
    def from_json(cls, line: bytes | str) -> "DecisionRecord":
        """Read what `to_json` wrote, to the same bits; a KeyError, TypeError or ValueError says that it did not."""
        fields = orjson.loads(line)
        fields["prediction_id"] = UUID(fields["prediction_id"])
        fields["created_at"] = datetime.fromisoformat(fields["created_at"])
        if "features" in fields:
            # A service that was upgraded during an outage left lines that name every feature.
            fields["features"] = {name: value for name, value in fields["features"].items() if value is not None}
            fields["feature_names"] = FeatureNames.of([fields["features"]])
        else:
            names = unpack_names(fields.pop("names"))
            fields["features"] = names.features(fields.pop("numbers"), fields.pop("texts"))
            fields["feature_names"] = names
        if fields.get("idempotency") is not None:
            fields["idempotency"] = IdempotencyKey(**fields["idempotency"])
        return cls(**fields)
