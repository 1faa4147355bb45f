"""The HTTP contract as OpenAPI tells it: answers, errors and the body of an application.

Here: one model an answer, with examples; tests hold real answers against them. Keep out:
parsing: the body is read by `application`, because a model of some hundred optional fields
would cost more time than scoring does.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from serving.application import MAX_BATCH, MAX_CLIENT_KEY

_REF = "#/components/schemas/{model}"

_CONTRACT = ConfigDict(extra="forbid", protected_namespaces=())


Values = dict[str, float | str | None]

# PostgreSQL's text holds every character but this one.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
SentValues = dict[str, float | Text | None]


class ApplicationBody(BaseModel):
    """An application: who applies, and what is known: features, or the form, or neither to look the client up."""

    # Not both of them: said in the schema, where a model cannot say it.
    model_config = ConfigDict(
        extra="forbid", protected_namespaces=(), json_schema_extra={"not": {"required": ["features", "application"]}}
    )
    SK_ID_CURR: int = Field(ge=1, le=MAX_CLIENT_KEY, description="the client key; without a fraction, not even .0")
    features: SentValues | SkipJsonSchema[None] = Field(
        default=None,
        description="By name, as GET /model-info lists them: numbers (finite) for numeric features, text for "
        "categorical ones. Left out or null is missing. An unknown name or a wrong type is refused.",
    )
    application: SentValues | SkipJsonSchema[None] = Field(
        default=None,
        description="The raw form: columns of application_train by name, but TARGET. Left out or null is missing.",
    )


class BatchBody(BaseModel):
    """Applications to be decided together."""

    model_config = _CONTRACT
    applications: list[ApplicationBody] = Field(min_length=1, max_length=MAX_BATCH)


_DECISION: dict[str, Any] = {
    "prediction_id": "0199f4a2-c3d8-7d0e-9b1f-6a5c4e3d2b1a",
    "SK_ID_CURR": 100001,
    "probability": 0.2315,
    "prediction": 1,
    "threshold": 0.0942,
    "decision": "REFUSED",
    "model_version": "3",
    "inference_time_ms": 0.31,
    "n_features_missing": 12,
    "reasons": [
        {
            "code": "EXTERNAL_SCORE",
            "reason": "The scores that external agencies give you are lower than those of applicants who repay.",
            "feature": "EXT_SOURCE_MEAN",
            "value": 0.21,
            "direction": "refusal",
            "contribution": 0.6137,
        }
    ],
}


class Reason(BaseModel):
    """One reason of a decision."""

    model_config = _CONTRACT
    code: str = Field(description="stable, for programs and forms")
    reason: str = Field(description="a sentence for the applicant")
    feature: str = Field(description="the feature that says most of it")
    value: float | str | None = Field(description="of that feature as it was scored; null when missing")
    direction: str = Field(description="towards which decision it speaks")
    contribution: float = Field(description="of all its features, in log-odds; positive towards refusal")


class Prediction(BaseModel):
    """The decision on an application, as it is on record."""

    model_config = ConfigDict(**_CONTRACT, json_schema_extra={"example": _DECISION})
    prediction_id: UUID = Field(description="UUIDv7")
    SK_ID_CURR: int
    probability: float = Field(ge=0, le=1, description="calibrated probability of default")
    prediction: Literal[0, 1] = Field(description="1 when refused")
    threshold: float
    decision: Literal["APPROVED", "REFUSED"] = Field(description="REFUSED when probability >= threshold")
    model_version: str
    inference_time_ms: float
    n_features_missing: int = Field(description="scored features left out, null, or never seen in training")
    reasons: list[Reason] = Field(description="principal ones, largest first: of every refusal, of others on request")


class BatchItem(Prediction):
    """A decision of a batch."""

    status: Literal[200]


class BatchAnswer(BaseModel):
    """One answer an application, in their order."""

    model_config = _CONTRACT
    answers: list["BatchItem | ProblemBody"]


class StoredDecision(Prediction):
    """A decision from the record."""

    created_at: datetime
    features: Values = Field(description="what was scored, by name; missing ones are left out")


class Contribution(BaseModel):
    """What one feature adds to the log-odds of default."""

    model_config = _CONTRACT
    feature: str
    value: float | str | None
    contribution: float


class Explanation(BaseModel):
    """Why a decision came out as it did."""

    model_config = _CONTRACT
    prediction_id: UUID
    model_version: str
    decision: Literal["APPROVED", "REFUSED"]
    probability: float
    threshold: float
    reasons: list[Reason] = Field(description="as they were stored and answered")
    base_value: float = Field(description="log-odds of the model before any feature")
    contributions: list[Contribution] = Field(
        description="exact Shapley values (TreeSHAP) in log-odds before calibration, largest first; with base_value "
        "they add up to the model's score"
    )


class Health(BaseModel):
    """Whether applications are answered, and what is amiss."""

    model_config = _CONTRACT
    status: Literal["healthy", "degraded", "unavailable"]
    model_loaded: bool
    n_features: int | None = Field(description="scored features")
    threshold: float | None
    model_version: str | None
    database: Literal["up", "down"]
    journal_depth: int = Field(description="decisions that wait in the local journal")
    problems: list[str] = Field(description="what is amiss, and what to do")


class ModelInfo(BaseModel):
    """The model that answers."""

    model_config = _CONTRACT
    model_type: str
    n_features: int = Field(description="scored features")
    threshold: float
    model_version: str
    metadata: dict[str, Any] = Field(
        description="auc, business_cost (out-of-fold, with intervals), cost_fn, cost_fp, trained_at, "
        "mlflow_run_id, feature_version, ..."
    )
    features: list[dict[str, str]] = Field(description="scored: name and kind")
    protected_features: list[dict[str, str]] = Field(description="accepted and stored: name and kind")


class ProblemBody(BaseModel):
    """An error (RFC 9457). It never repeats a value that was sent."""

    model_config = _CONTRACT
    type: str = Field(description="urn:credit:problem:..., stable, for programs")
    title: str
    status: int
    detail: str = Field(description="found / expected / what to do")
    request_id: str | None = Field(description="as in the X-Request-ID header and in the log")
    errors: list[dict[str, str]] = Field(
        default=[],
        description="for 422: every offender, at most 1000: `problem`, and `feature`, or `item` for outcomes",
    )
    n_errors: int = Field(default=0, description="how many offenders there are")


_EXAMPLES: dict[str, dict[str, Any]] = {
    "some features": {
        "value": {"SK_ID_CURR": 100001, "features": {"EXT_SOURCE_2": 0.51, "CODE_GENDER": "F", "AMT_CREDIT": None}}
    },
    "nothing known": {"value": {"SK_ID_CURR": 100001, "features": {}}},
    "a known client": {"value": {"SK_ID_CURR": 100001}},
    "the form": {"value": {"SK_ID_CURR": 100001, "application": {"AMT_CREDIT": 406597.5, "CODE_GENDER": "M"}}},
}


def _body(model: str, examples: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": {"$ref": _REF.format(model=model)}, "examples": examples}
    return {"required": True, "content": {"application/json": content}}


APPLICATION_BODY = _body("ApplicationBody", _EXAMPLES)
BATCH_BODY = _body(
    "BatchBody", {"two": {"value": {"applications": [example["value"] for example in list(_EXAMPLES.values())[:2]]}}}
)


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REF)
    # They stand among the components already, and what is left out has no value.
    schema.pop("$defs", None)
    for described in schema["properties"].values():
        described.pop("default", None)
    return schema


def install_openapi(app: FastAPI) -> None:
    """Let /openapi.json carry the schemas of bodies that no route declares as a parameter."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            for model in (ApplicationBody, BatchBody, ProblemBody):
                schema["components"]["schemas"][model.__name__] = _schema_of(model)
            app.openapi_schema = schema
        return app.openapi_schema

    # FastAPI names this assignment as the way to extend the document.
    app.openapi = document  # type: ignore[method-assign]
