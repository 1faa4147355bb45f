"""OpenAPI says what is served: Schemathesis sends what the document allows and what it forbids, and judges each answer.

All built-in checks run; one that cannot judge an operation is left out for it, with the reason beside it.
"""

import re
from uuid import uuid4

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import StopReason, events, from_schema

from resources.api_keys import ApiKeys
from serving.idempotency import HEADER

# Of each operation, beside the dozens of cases that follow from the document itself.
N_EXAMPLES = 25

TYPES = {"numeric": "number", "categorical": "string"}


@pytest.fixture(scope="module")
def key(postgres_module):
    """Made before the service starts, so that the service is closed from its first request on."""
    _, text = ApiKeys(postgres_module).create("schemathesis", ["admin"], created_by="test")
    return text


@pytest.fixture(scope="module")
def service(postgres_module, key, tiny_model, tmp_path_factory, make_service):
    assert key
    with make_service(postgres_module, tiny_model("1", seed=1), tmp_path_factory.mktemp("home")) as service:
        yield service


def accept_only(values, kinds):
    """Name what an object of values may hold, each with the schema of its kind."""
    by_type = {schema["type"]: schema for schema in values["additionalProperties"]["anyOf"]}
    values["additionalProperties"] = False
    values["properties"] = {name: {"anyOf": [by_type[TYPES[kind]], by_type["null"]]} for name, kind in kinds.items()}


@pytest.fixture
def document(service, key):
    """OpenAPI as it is served, and in it what it leaves to the live model and the raw table: names and their types."""
    document = service.client.get("/openapi.json").json()
    info = service.client.get("/model-info", headers={"X-API-Key": key}).json()
    schemas = document["components"]["schemas"]
    properties = schemas["ApplicationBody"]["properties"]
    kinds = {feature["name"]: feature["kind"] for feature in info["features"] + info["protected_features"]}
    accept_only(properties["features"], kinds)
    accept_only(properties["application"], {"AMT_CREDIT": "numeric", "CODE_GENDER": "categorical"})
    # An application of a batch is answered by itself, with 422 inside of 200: no item makes the order invalid.
    applications = schemas["BatchBody"]["properties"]["applications"]
    applications["items"] = {"anyOf": [applications["items"], {}]}
    return document


@pytest.fixture
def config(service, key):
    operations = [
        # Without features in the database, 503 is the documented answer to an application that brings none.
        {
            "include-path": "/predict",
            "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]}},
        },
        # That a moment has passed is nothing that a schema can ask for.
        {"include-path": "/outcomes", "checks": {"positive_data_acceptance": {"enabled": False}}},
        # Whatever arrives is evidence, and kept: nothing is invalid but its form of transport.
        {"include-path": "/internal/logs", "checks": {"negative_data_rejection": {"enabled": False}}},
    ]
    generation = {"deterministic": True, "max-examples": N_EXAMPLES, "no-shrink": True}
    return SchemathesisConfig.from_dict(
        {
            "seed": 0,
            "base-url": service.url,
            "auth": {"openapi": {"ApiKey": {"api_key": key}}},
            # All faults at once, not the first of each operation.
            "continue-on-failure": True,
            "generation": generation,
            "operations": operations,
        }
    )


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(_, value):
    return {"data": str(value).encode(errors="replace")}


def whole(value):
    """1.0 is an integer to JSON Schema and none to the service, which no schema can say."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


@schemathesis.hook("before_call")
def as_sent(_, case, __):
    if isinstance(case.body, dict | list | float):
        case.body = whole(case.body)
    # The same key for another application is refused: a valid one is used once.
    if re.fullmatch("[!-~]{1,255}", (case.headers or {}).get(HEADER, "")):
        case.headers[HEADER] = str(uuid4())


def faults_of(event):
    if isinstance(event, events.NonFatalError | events.FatalError):
        yield repr(getattr(event, "value", None) or event.exception)
    if isinstance(event, events.EngineFinished) and event.stop_reason != StopReason.COMPLETED:
        yield f"stopped: {event.stop_reason}"
    if isinstance(event, events.ScenarioFinished):
        for case_id, checks in event.recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    interaction = event.recorder.interactions[case_id]
                    request, response = interaction.request, interaction.response
                    yield (
                        f"{check.name}: {request.method} {request.uri} {request.body!r:.300} -> "
                        f"{response and (response.status_code, response.content[:300])}\n{check.failure_info.failure}"
                    )


def test_no_answer_contradicts_openapi(document, config):
    schema = schemathesis.openapi.from_dict(document, config=config)
    tried = set()
    faults = []
    for event in from_schema(schema).execute():
        faults += faults_of(event)
        if isinstance(event, events.ScenarioFinished) and event.recorder.checks:
            tried.add(event.recorder.label)
    assert not faults, "\n\n".join(faults)
    operations = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    # Chains as well: a decision is made, and read back.
    assert tried == operations | {"Stateful tests"}
