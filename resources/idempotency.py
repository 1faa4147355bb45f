"""Idempotency keys: one key, one decision, in the same transaction as the decision.

Here: writing decisions whose sender may repeat the request, finding the answer that a key
already has, and forgetting old keys. Keep out: what a request is and who waits for whom
(`serving.idempotency`), and how decisions are stored (`prediction_log`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from resources.database import Connection
from resources.decision_record import DecisionRecord, FeatureNames, IdempotencyKey
from resources.decision_rows import insert_decisions

# A retry comes within seconds, a loan system that was down over night repeats within a day;
# twice that, because keys are forgotten once a day.
KEPT = timedelta(hours=48)

# An answer is kept and found without the features that it was made from.
NO_FEATURES = FeatureNames((), ())

# In their order, because two transactions that share keys would otherwise wait for each other
# for ever. Who comes second waits for the first one's commit and then finds its key taken.
_CLAIM = """
INSERT INTO credit.idempotency_keys (key, request_sha256, prediction_id, created_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::timestamptz[]) ORDER BY 1
ON CONFLICT DO NOTHING
RETURNING prediction_id
"""

# All of an answer but its reasons.
_STORED = (
    "prediction_id", "created_at", "sk_id_curr", "probability", "prediction", "decision", "threshold",
    "model_version", "inference_time_ms", "n_features_missing",
)  # fmt: skip

# `created_at` leads to the month's partition.
_ANSWERS = f"""
SELECT {", ".join(f"p.{column}" for column in _STORED)}, p.reasons, k.key, k.request_sha256
FROM credit.idempotency_keys k
JOIN credit.decisions p ON p.prediction_id = k.prediction_id AND p.created_at = k.created_at
WHERE k.key = ANY(%s)
"""  # noqa: S608 - of the names above


@dataclass(frozen=True)
class Inserted:
    """What became of decisions that were sent to PostgreSQL.

    Attributes:
        n_new: how many are on record now and were not before.
        answered_before: for each decision that was not recorded because its key has an answer
            already, by its `prediction_id`: that answer, without features; None when the key
            outlived its decision.
    """

    n_new: int
    answered_before: Mapping[UUID, DecisionRecord | None]


def insert_once(connection: Connection, records: Sequence[DecisionRecord]) -> Inserted:
    """Insert decisions that nobody was told of yet: those whose key is taken are left out.

    Keys and decisions are one transaction; the connection commits each statement by itself.
    """
    keyed = [record for record in records if record.idempotency is not None]
    if not keyed:
        return Inserted(insert_decisions(connection, records), {})
    with connection.transaction():
        claimed = _claim(connection, keyed)
        late = [record for record in keyed if record.prediction_id not in claimed]
        # Before the commit: once that is done, nothing may go wrong any more.
        before = _answers_of(connection, late)
        n_new = insert_decisions(connection, [record for record in records if record.prediction_id not in before])
    return Inserted(n_new, before)


def insert_answered(connection: Connection, records: Sequence[DecisionRecord]) -> list[DecisionRecord]:
    """Insert decisions that their senders were told of already: all of them, whatever their keys.

    Safe to repeat. Returns those whose key belongs to another decision: the database was away
    when they were answered, and another machine had answered, or has since.
    """
    keyed = [record for record in records if record.idempotency is not None]
    if not keyed:
        insert_decisions(connection, records)
        return []
    with connection.transaction():
        claimed = _claim(connection, keyed)
        insert_decisions(connection, records)
    answers = find_answers(connection, [_key_of(record) for record in keyed if record.prediction_id not in claimed])
    return [
        record
        for record in keyed
        if (first := answers.get(_key_of(record))) is not None and first.prediction_id != record.prediction_id
    ]


def find_answers(connection: Connection, keys: Sequence[str]) -> dict[str, DecisionRecord]:
    """The answer of each key that has one, without its features."""
    if not keys:
        return {}
    rows = connection.execute(_ANSWERS, [list(keys)]).fetchall()
    answers = {}
    for *stored, reasons, key, request_sha256 in rows:
        values: dict[str, Any] = dict(zip(_STORED, stored, strict=True))
        # In UTC, as it was stamped, whatever the session's time zone.
        values["created_at"] = values["created_at"].astimezone(UTC)
        owner = IdempotencyKey(key, request_sha256)
        answers[key] = DecisionRecord(
            **values, features={}, feature_names=NO_FEATURES, reasons=reasons, idempotency=owner
        )
    return answers


def forget_old_keys(connection: Connection, now: datetime) -> int:
    """Forget keys after `KEPT`; how many. Their decisions stay. The caller commits."""
    return connection.execute("DELETE FROM credit.idempotency_keys WHERE created_at < %s", [now - KEPT]).rowcount


def _claim(connection: Connection, keyed: Sequence[DecisionRecord]) -> set[UUID]:
    """Take the keys that are free; the ids of the decisions that got theirs."""
    columns = [
        [record.idempotency.key for record in keyed if record.idempotency],
        [record.idempotency.request_sha256 for record in keyed if record.idempotency],
        [record.prediction_id for record in keyed],
        [record.created_at for record in keyed],
    ]
    return {row[0] for row in connection.execute(_CLAIM, columns).fetchall()}


def _answers_of(connection: Connection, late: Sequence[DecisionRecord]) -> dict[UUID, DecisionRecord | None]:
    answers = find_answers(connection, [_key_of(record) for record in late])
    return {record.prediction_id: answers.get(_key_of(record)) for record in late}


def _key_of(record: DecisionRecord) -> str:
    return record.idempotency.key if record.idempotency else ""
