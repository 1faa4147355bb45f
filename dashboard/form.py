"""The application form as people fill it in: which fields, in which units, within which range.

Here: the fields that a person can tell, and how they become columns of application_train. Add a field
when people are asked for it. Keep out: the widgets (`tabs.score`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

DAYS_A_YEAR = 365.25
# What the raw table says of those without employment.
NOT_EMPLOYED = 365_243.0
# Beyond three interquartile ranges of either quartile: no applicant of the training, by any reading.
REACH = 3.0

Unit = Literal["money", "years back", "count", "score", "level"]
Value = float | str | None


@dataclass(frozen=True)
class Field:
    """One question of the form.

    Attributes:
        column: of application_train.
        label: what people are asked.
        unit: of the answer; a `level` is chosen among those that the model was trained on.
    """

    column: str
    label: str
    unit: Unit


FIELDS: tuple[Field, ...] = (
    Field("AMT_INCOME_TOTAL", "Yearly income", "money"),
    Field("AMT_CREDIT", "Loan", "money"),
    Field("AMT_ANNUITY", "Yearly payment", "money"),
    Field("AMT_GOODS_PRICE", "Price of the goods", "money"),
    Field("DAYS_BIRTH", "Age in years", "years back"),
    Field("DAYS_EMPLOYED", "Years employed (0: not employed)", "years back"),
    Field("CNT_CHILDREN", "Children", "count"),
    Field("EXT_SOURCE_1", "External score 1", "score"),
    Field("EXT_SOURCE_2", "External score 2", "score"),
    Field("EXT_SOURCE_3", "External score 3", "score"),
    Field("NAME_CONTRACT_TYPE", "Kind of loan", "level"),
    Field("NAME_INCOME_TYPE", "Kind of income", "level"),
    Field("NAME_EDUCATION_TYPE", "Education", "level"),
    Field("OCCUPATION_TYPE", "Occupation", "level"),
    Field("NAME_HOUSING_TYPE", "Housing", "level"),
)
COLUMNS = tuple(field.column for field in FIELDS)


@dataclass(frozen=True)
class Range:
    """The sensible answers to a question, and the usual one."""

    low: float
    high: float
    usual: float


def ranges(statistics: pd.DataFrame) -> dict[str, Range]:
    """The range of each numeric field, from what applicants of the training answered.

    Args:
        statistics: `median`, `q25` and `q75` by feature name, in the units of the raw table. A field
            without a row has no range.
    """
    found = {}
    for field in FIELDS:
        if field.unit == "level" or field.column not in statistics.index:
            continue
        row = statistics.loc[field.column]
        quartiles = sorted(asked(field, float(row[name])) or 0.0 for name in ("q25", "median", "q75"))
        reach = REACH * (quartiles[2] - quartiles[0])
        low, high = max(0.0, quartiles[0] - reach), quartiles[2] + reach
        if field.unit == "score":
            high = min(1.0, high)
        found[field.column] = Range(low, max(high, low + 1.0) if field.unit != "score" else 1.0, quartiles[1])
    return found


def asked(field: Field, value: float) -> float:
    """A column's value in the unit of the question."""
    return max(0.0, -value / DAYS_A_YEAR) if field.unit == "years back" else value


def application(answers: Mapping[str, Value]) -> dict[str, Value]:
    """Answers as columns of the raw table; what nobody answered is left out."""
    columns: dict[str, Value] = {}
    for field in FIELDS:
        value = answers.get(field.column)
        if value is None or value == "":
            continue
        columns[field.column] = _column(field, value)
    return columns


def levels_of(levels: Mapping[str, Sequence[str]], field: Field) -> list[str]:
    """The answers to choose among; the model knows no others."""
    return list(levels.get(field.column, ()))


def _column(field: Field, value: float | str) -> float | str:
    if isinstance(value, str):
        return value
    if field.unit == "count":
        return float(round(value))
    if field.unit != "years back":
        return float(value)
    if field.column == "DAYS_EMPLOYED" and value == 0:
        return NOT_EMPLOYED
    return float(min(-1, -round(value * DAYS_A_YEAR)))
