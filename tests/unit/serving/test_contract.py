"""OpenAPI: what it shows is what is served."""

import pytest
from pydantic import TypeAdapter

from resources.settings import Settings
from serving.app import create_app
from serving.application import read_application
from serving.contract import ApplicationBody


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
    assert routes == {("/health", "get"), ("/predict", "post"), ("/model-info", "get"), ("/metrics", "get")}


def test_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    named = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert named
    assert named <= set(schemas)


def test_a_prediction_shows_its_errors_as_problem_json(document):
    answers = document["paths"]["/predict"]["post"]["responses"]
    assert set(answers) == {"200", "400", "408", "413", "415", "422", "503"}
    for status, answer in answers.items():
        expected = "application/json" if status == "200" else "application/problem+json"
        assert list(answer["content"]) == [expected]


def test_the_examples_of_a_body_are_accepted(document):
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    body = TypeAdapter(ApplicationBody)
    for example in content["examples"].values():
        sent = body.dump_json(body.validate_python(example["value"]))
        assert read_application(sent).offenders == []
