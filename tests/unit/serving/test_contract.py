"""OpenAPI: what it shows is what is served."""

import pytest
from pydantic import TypeAdapter

from resources.settings import Settings
from serving.app import create_app
from serving.application import application_of, batch_of
from serving.contract import ApplicationBody, BatchBody


@pytest.fixture(scope="module")
def document():
    return create_app(Settings(_env_file=None)).openapi()


def references(node):
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_routes_are_those_of_the_contract(document):
    routes = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert routes == {
        ("/health", "get"),
        ("/predict", "post"),
        ("/predict/batch", "post"),
        ("/predictions/{prediction_id}", "get"),
        ("/predictions/{prediction_id}/explanation", "get"),
        ("/outcomes", "post"),
        ("/model-info", "get"),
        ("/internal/logs", "post"),
        ("/metrics", "get"),
    }


def test_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    named = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert named
    assert named <= set(schemas)


def test_a_prediction_shows_its_errors_as_problem_json(document):
    answers = document["paths"]["/predict"]["post"]["responses"]
    assert set(answers) == {"200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "503"}
    for status, answer in answers.items():
        expected = "application/json" if status == "200" else "application/problem+json"
        assert list(answer["content"]) == [expected]


@pytest.mark.parametrize(
    "route", ["/predict", "/predict/batch", "/predictions/{prediction_id}", "/outcomes", "/metrics"]
)
def test_a_route_says_that_it_wants_a_key(document, route):
    for operation in document["paths"][route].values():
        assert operation["security"]
        assert {"401", "403", "429"} <= set(operation["responses"])


def test_health_is_open(document):
    assert "security" not in document["paths"]["/health"]["get"]


def test_the_examples_of_a_body_are_accepted(document):
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        sent = TypeAdapter(ApplicationBody).validate_python(example["value"]).model_dump(exclude_unset=True)
        assert application_of(sent).offenders == []


def test_the_example_of_a_batch_is_accepted(document):
    content = document["paths"]["/predict/batch"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        sent = TypeAdapter(BatchBody).validate_python(example["value"]).model_dump(exclude_unset=True)
        assert not any(application.offenders for application in batch_of(sent))
