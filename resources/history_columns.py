"""The columns of a file of decisions: which there must be, of which types, with which values.

Here: what can be said of a whole column at once, and the decisions that no report could
read. Keep out: features and reasons, which are read row by row (`history_file`).
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import types

from credit_risk.decision import APPROVED, REFUSED

# Partitions of the graph begin here; an older day could be stored but never reported.
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)

# What a bigint column holds.
MAX_CLIENT_KEY = 2**63 - 1

LABELS: Mapping[int, str] = {decision.prediction: decision.label for decision in (APPROVED, REFUSED)}


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_moment(kind: pa.DataType) -> bool:
    return types.is_timestamp(kind) and kind.tz is not None


def _is_features(kind: pa.DataType) -> bool:
    return bool(types.is_struct(kind) or types.is_map(kind) or _is_text(kind))


def _is_reasons(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or _is_text(kind))


MOMENT, NUMBER, TEXT = "a timestamp with a time zone", "numbers", "text"
REQUIRED = {
    "created_at": (_is_moment, MOMENT),
    "sk_id_curr": (types.is_integer, "integers"),
    "probability": (_is_number, NUMBER),
    "threshold": (_is_number, NUMBER),
    "features": (_is_features, "a struct, a map or JSON text"),
}
# Whole numbers with gaps arrive as floating-point numbers: pandas has written them so.
OPTIONAL = {
    "prediction_id": (_is_text, TEXT),
    "prediction": (_is_number, NUMBER),
    "decision": (_is_text, TEXT),
    "target": (_is_number, NUMBER),
    "inference_time_ms": (_is_number, NUMBER),
    "n_features_missing": (_is_number, NUMBER),
    "reasons": (_is_reasons, "lists or JSON text"),
}
NESTED = {"features", "reasons"}


def type_problems(schema: pa.Schema) -> list[str]:
    """Columns that are absent, and columns of a wrong type."""
    absent = [f"no column {column}" for column in REQUIRED if column not in schema.names]
    wrong = [
        f"{column} of type {schema.field(column).type} (expected {what})"
        for column, (fits, what) in (REQUIRED | OPTIONAL).items()
        if column in schema.names and not (fits(kind := schema.field(column).type) or types.is_null(kind))
    ]
    return absent + wrong


def value_problems(rows: pd.DataFrame, now: datetime) -> dict[str, int]:
    """How many rows have which problem, of the plain columns that are there."""
    problems = _required_problems(rows, now)
    for column, problem in _OPTIONAL_PROBLEMS.items():
        if column in rows:
            problems |= problem(rows)
    counts = {problem: int(at_fault.sum()) for problem, at_fault in problems.items()}
    return {problem: count for problem, count in counts.items() if count}


def _required_problems(rows: pd.DataFrame, now: datetime) -> dict[str, "pd.Series[bool]"]:
    required = [column for column in REQUIRED if column not in NESTED]
    return {
        "missing values": rows[required].isna().any(axis=1),
        f"client keys outside 1 to {MAX_CLIENT_KEY}": _outside(rows["sk_id_curr"], 1, MAX_CLIENT_KEY),
        "probabilities outside [0, 1]": _outside(rows["probability"], 0, 1),
        "thresholds outside [0, 1]": _outside(rows["threshold"], 0, 1),
        f"decisions before {FIRST_DAY:%Y-%m-%d}": rows["created_at"] < FIRST_DAY,
        "decisions of the future": rows["created_at"] > now,
    }


def _target_problems(rows: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    return {"values of target other than 0 and 1": ~rows["target"].isin([0, 1]) & rows["target"].notna()}


def _prediction_problems(rows: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    predictions = rows["prediction"]
    problems = {"values of prediction other than 0 and 1": ~predictions.isin(LABELS) & predictions.notna()}
    if "decision" in rows:
        known = rows["decision"].isin(LABELS.values()) & predictions.isin(LABELS)
        problems["decisions that contradict their prediction"] = known & (predictions.map(LABELS) != rows["decision"])
    return problems


def _decision_problems(rows: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    decisions = rows["decision"]
    return {
        f"decisions other than {' and '.join(LABELS.values())}": ~decisions.isin(LABELS.values()) & decisions.notna()
    }


def _identity_problems(rows: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    identities = rows["prediction_id"]
    return {
        "values of prediction_id that are no UUID": identities.notna() & ~identities.map(_is_uuid),
        "values of prediction_id that come again": identities.notna() & identities.duplicated(),
    }


def _count_problems(rows: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    counts = pd.to_numeric(rows["n_features_missing"])
    return {"counts of missing features that are no count": counts.notna() & ((counts < 0) | (counts % 1 != 0))}


_OPTIONAL_PROBLEMS: Mapping[str, Callable[[pd.DataFrame], dict[str, "pd.Series[bool]"]]] = {
    "prediction_id": _identity_problems,
    "prediction": _prediction_problems,
    "decision": _decision_problems,
    "target": _target_problems,
    "n_features_missing": _count_problems,
}


def _outside(numbers: "pd.Series[Any]", low: float, high: float) -> "pd.Series[bool]":
    return numbers.notna() & ~pd.to_numeric(numbers).between(low, high)


def _is_uuid(text: object) -> bool:
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True
