"""POST /outcomes: what became of decisions, checked strictly and recorded once.

Here: the route, what an outcome must look like, and its answer. Keep out: the table
(`resources.outcomes`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from resources.database import Connection
from resources.outcomes import Outcome, Receipt, decided_at, record_outcomes
from serving.body import read_body
from serving.keys import AdminKey
from serving.parts import PartsOf
from serving.problem_documents import READING, problems
from serving.problems import RequestError
from serving.record_reader import RecordReader
from serving.strict_json import loads

router = APIRouter()

# A month of a mid-sized lender's outcomes are some such orders; one is a second of work.
MAX_OUTCOMES = 10_000

# An outcome is 120 bytes as programs write it.
MAX_BYTES = 4 * 1024 * 1024
# Three values and their object each, and one to spare.
MAX_VALUES = 5 * MAX_OUTCOMES

# Clocks of two machines differ; a minute is no future.
CLOCK_TOLERANCE = timedelta(minutes=1)

FIELDS = ("prediction_id", "target", "observed_at")

# With its dashes, as it was answered.
_UUID_LENGTH = 36

_DESCRIPTION = f"""
Whether applicants defaulted: at most {MAX_OUTCOMES} outcomes an order.

- The same decision, target and `observed_at` is the same outcome, however often it is sent: it is `repeated`, and
  counted once.
- Another target or another `observed_at` for a decision that has an outcome is a correction: a new row, `corrected`;
  the newest row holds. To take a correction back, send the first outcome with a new `observed_at`.
- A decision that is not on record is listed in `unknown`, and the others are recorded: one may still wait in the
  service's journal, and is known once the database has it. Send the listed ones again later.
- Any other fault refuses the whole order, names every offender by its index, and records nothing.
- The decision may have been a refusal, where a person overruled it. Reports on the model count approved ones.
"""


class OutcomeBody(BaseModel):
    """What became of one decision."""

    model_config = ConfigDict(extra="forbid")
    prediction_id: UUID = Field(description="as POST /predict answered it")
    target: int = Field(ge=0, le=1, description="1 for a default")
    observed_at: datetime = Field(
        description="when it was known, with a time zone; not in the future, not before the decision"
    )


class OutcomesBody(BaseModel):
    """An order of outcomes."""

    model_config = ConfigDict(extra="forbid")
    outcomes: list[OutcomeBody] = Field(min_length=1, max_length=MAX_OUTCOMES)


class OutcomesAnswer(BaseModel):
    """What happened to each; received = recorded + repeated + corrected + the number of unknown."""

    model_config = ConfigDict(extra="forbid")
    received: int
    recorded: int = Field(description="first outcomes of their decisions")
    repeated: int = Field(description="on record already, or twice in this order")
    corrected: int = Field(description="new rows of decisions that had an outcome")
    unknown: list[UUID] = Field(description="decisions that are not on record, in the order sent")


_EXAMPLE = {
    "outcomes": [
        {
            "prediction_id": "0199f4a2-c3d8-7d0e-9b1f-6a5c4e3d2b1a",
            "target": 0,
            "observed_at": "2026-10-31T00:00:00Z",
        }
    ]
}

_SCHEMA = OutcomesBody.model_json_schema()
# In one piece: the document has no other use for a part of it.
_SCHEMA["properties"]["outcomes"]["items"] = _SCHEMA.pop("$defs")["OutcomeBody"]
_REQUEST = {"required": True, "content": {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}}


@router.post(
    "/outcomes",
    summary="Deliver outcomes",
    description=_DESCRIPTION,
    response_model=OutcomesAnswer,
    responses=problems(*READING, "invalid-outcomes", "unavailable"),
    openapi_extra={"requestBody": _REQUEST},
)
async def outcomes(request: Request, _: AdminKey, parts: PartsOf) -> OutcomesAnswer:
    """All of an order or nothing, but for decisions that are not on record."""
    body = await read_body(request, limit=MAX_BYTES)
    # Apart: ten thousand outcomes take 50 ms to check, and decisions must not wait for them.
    order = await asyncio.to_thread(lambda: read_outcomes(loads(body, max_values=MAX_VALUES), datetime.now(UTC)))
    return await parts.side_writer.write(lambda connection: _record(connection, order, parts.records))


def read_outcomes(document: object, now: datetime) -> list[Outcome]:
    """The outcomes of an order.

    Raises:
        RequestError: 422, with every offender.
    """
    sent = document.get("outcomes") if isinstance(document, dict) else None
    if not isinstance(document, dict) or set(document) != {"outcomes"} or not isinstance(sent, list):
        raise _refused([{"item": "outcomes", "problem": "expected an object with a list, and nothing else"}])
    if not 1 <= len(sent) <= MAX_OUTCOMES:
        raise _refused([{"item": "outcomes", "problem": f"expected 1 to {MAX_OUTCOMES}, found {len(sent)}"}])
    offenders: list[dict[str, str]] = []
    order = []
    for index, item in enumerate(sent):
        faults: dict[str, str] = {}
        outcome = _outcome(item, now, faults)
        offenders += [_offender(index, field, problem) for field, problem in faults.items()]
        if outcome is not None:
            order.append(outcome)
    if offenders:
        raise _refused(offenders)
    return order


def _outcome(item: object, now: datetime, faults: dict[str, str]) -> Outcome | None:
    if not isinstance(item, dict):
        faults[""] = f"expected an object with {', '.join(FIELDS)}"
        return None
    if unknown := [name for name in item if name not in FIELDS]:
        faults[""] = f"{len(unknown)} fields beside {', '.join(FIELDS)}"
    prediction_id = _uuid(item.get("prediction_id"))
    if prediction_id is None:
        faults["prediction_id"] = "expected a UUID as text"
    target = item.get("target")
    # A bool is an int to Python, and 1.0 equals 1, not to a client.
    if type(target) is not int or target not in {0, 1}:
        faults["target"] = "expected 0 or 1"
    observed_at = _moment(item.get("observed_at"))
    if observed_at is None:
        faults["observed_at"] = "expected a date and time with a time zone (ISO 8601)"
    elif observed_at > now + CLOCK_TOLERANCE:
        faults["observed_at"] = "expected a moment that has passed, found one in the future"
    if faults or prediction_id is None or observed_at is None or type(target) is not int:
        return None
    return Outcome(prediction_id, target, observed_at)


def _uuid(value: object) -> UUID | None:
    if type(value) is not str or len(value) != _UUID_LENGTH:
        return None
    try:
        parsed = UUID(value)
    except ValueError:
        return None
    # Python skips dashes wherever they are.
    return parsed if str(parsed) == value.lower() else None


def _moment(value: object) -> datetime | None:
    if type(value) is not str:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _record(connection: Connection, order: list[Outcome], records: RecordReader) -> OutcomesAnswer:
    ids = {outcome.prediction_id for outcome in order}
    decided = decided_at(connection, ids)
    # An outcome may take a year, and decisions stay in PostgreSQL for some months.
    decided |= records.archived_at(connection, ids - decided.keys())
    early = [
        _offender(index, "observed_at", "expected a moment after the decision, found one before it")
        for index, outcome in enumerate(order)
        if outcome.prediction_id in decided and outcome.observed_at < decided[outcome.prediction_id]
    ]
    if early:
        raise _refused(early)
    known = [outcome for outcome in order if outcome.prediction_id in decided]
    receipt = record_outcomes(connection, known) if known else Receipt(0, 0, 0)
    return OutcomesAnswer(
        received=len(order),
        recorded=receipt.recorded,
        repeated=receipt.repeated,
        corrected=receipt.corrected,
        unknown=[outcome.prediction_id for outcome in order if outcome.prediction_id not in decided],
    )


def _offender(index: int, field: str, problem: str) -> dict[str, str]:
    return {"item": f"outcomes[{index}]" + (f".{field}" if field else ""), "problem": problem}


def _refused(offenders: Sequence[Mapping[str, str]]) -> RequestError:
    first = offenders[0]
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-outcomes",
        f"{len(offenders)} faults, the first in {first['item']}: {first['problem']}",
        expected=f'{{"outcomes": [{{{", ".join(FIELDS)}}}]}}, at most {MAX_OUTCOMES}',
        remedy="correct what is named in errors and send the order again: nothing of it was recorded",
        offenders=offenders,
    )
