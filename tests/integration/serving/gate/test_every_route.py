"""The whole service behind keys: every route but /health asks for one, and for the right role."""

from uuid import uuid4

import pytest

from resources.api_keys import ApiKeys

ROLES = {
    ("post", "/predict"): "score",
    ("post", "/predict/batch"): "score",
    ("get", "/predictions/{prediction_id}"): "observe",
    ("get", "/predictions/{prediction_id}/explanation"): "observe",
    ("get", "/model-info"): "observe",
    ("get", "/metrics"): "observe",
    ("post", "/outcomes"): "admin",
    ("post", "/internal/logs"): "admin",
}
OPEN = {("get", "/health")}


@pytest.fixture(scope="module")
def keys(postgres_module):
    """A key of each role, and one that is revoked."""
    keys = ApiKeys(postgres_module)
    made = {role: keys.create(role, [role], created_by="test")[1] for role in ("score", "observe", "admin")}
    key, made["revoked"] = keys.create("revoked", ["admin"], created_by="test")
    keys.revoke(key.key_id)
    return made


@pytest.fixture(scope="module")
def service(postgres_module, keys, tiny_model, tmp_path_factory, make_service):
    assert keys
    with make_service(postgres_module, tiny_model("1", seed=1), tmp_path_factory.mktemp("home")) as service:
        yield service


def ask(service, route, key=None):
    method, path = route
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"X-API-Key": key})
    content = b"{" if method == "post" else None
    return service.client.request(method, path.format(prediction_id=uuid4()), headers=headers, content=content)


def test_every_route_is_here_and_documents_its_key(service):
    document = service.client.get("/openapi.json").json()
    found = {(method, path): operation for path, operations in document["paths"].items()
             for method, operation in operations.items()}  # fmt: skip
    assert set(found) == set(ROLES) | OPEN
    for route, operation in found.items():
        assert (operation.get("security") == [{"ApiKey": []}]) == (route in ROLES), route
        assert route in OPEN or {"401", "403", "429"} <= set(operation["responses"]), route


def test_health_is_open(service):
    assert service.client.get("/health").status_code == 200


@pytest.mark.parametrize("route", ROLES)
def test_without_a_valid_key_every_route_is_closed(service, keys, route):
    for key in (None, "ck_0123456789ab_" + "A" * 43, keys["revoked"]):
        answer = ask(service, route, key)
        assert answer.status_code == 401, answer.text[:200]
        assert set(answer.json()) == {"type", "title", "status", "detail", "request_id"}


@pytest.mark.parametrize("route", ROLES)
def test_every_route_asks_for_its_role(service, keys, route):
    for role in ("score", "observe", "admin"):
        status = ask(service, route, keys[role]).status_code
        assert (status == 403) == (role not in {ROLES[route], "admin"})
        assert status < 500


def test_a_key_never_reaches_the_log(service, keys, capsys):
    for route in ROLES:
        for key in keys.values():
            ask(service, route, key)
    printed = capsys.readouterr()
    assert "route=" in printed.out
    assert not any(key[-43:] in printed.out + printed.err for key in keys.values())
