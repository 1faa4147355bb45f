"""Who may ask, over HTTP: without a key, with a wrong one, with one that is revoked or of another role."""

import re
import stat
import time

import pytest

from resources.database import Database
from serving.contract import ProblemBody

ROUTES = [("POST", "/score"), ("GET", "/observe"), ("GET", "/admin"), ("POST", "/outcomes"), ("POST", "/internal/logs")]
UNKNOWN = "ck_0123456789ab_" + "A" * 43


def ask(desk, key=None, method="POST", path="/score", **arguments):
    return desk.client.request(method, path, headers={} if key is None else {"X-API-Key": key}, **arguments)


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    ProblemBody.model_validate(answer.json())
    return answer.json()


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", [None, "", "wrong", UNKNOWN, UNKNOWN + "x", "\u00e9".encode(), "ck_" * 5000])
def test_without_a_valid_key_nothing_is_answered(desk, method, path, key):
    assert problem(ask(desk, key, method, path), 401)["type"] == "urn:credit:problem:unauthorized"


def test_all_that_are_refused_get_the_same_answer(desk):
    valid, revoked = desk.make_key("score"), desk.make_key("score")
    desk.revoke(revoked)
    desk.wait_for(lambda: ask(desk, revoked).status_code == 401)
    swapped = "_".join([*valid.split("_")[:2], revoked.split("_", 2)[2]])
    answers = [ask(desk, key) for key in (None, UNKNOWN, revoked, swapped)]
    for answer in answers:
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("ApiKey ")
    assert len({re.sub(r'"request_id":"[^"]*"', "", answer.text) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("role", "opened"),
    [("score", {"/score"}), ("observe", {"/observe"}), ("admin", {"/score", "/observe", "/admin"})],
)
def test_a_key_opens_what_its_role_is_for(desk, role, opened):
    key = desk.make_key(role)
    for method, path in ROUTES[:3]:
        answer = ask(desk, key, method, path)
        if path in opened:
            assert answer.json() == key.split("_")[1]
        else:
            assert "without the role" in problem(answer, 403)["detail"]


def test_a_role_is_asked_for_before_the_body_is_read(desk):
    key = desk.make_key("score", "observe")
    for path in ("/outcomes", "/internal/logs"):
        problem(ask(desk, key, path=path, content="not json"), 403)


def test_a_revoked_key_is_refused_within_five_seconds(desk):
    key = desk.make_key("score")
    assert ask(desk, key).status_code == 200
    desk.revoke(key)
    started = time.monotonic()
    desk.wait_for(lambda: ask(desk, key).status_code == 401)
    assert time.monotonic() - started < 5


def test_without_any_key_the_service_is_open_on_loopback_and_closed_elsewhere(postgres, open_desk):
    with open_desk(postgres, loopback=True) as desk:
        assert ask(desk).status_code == 200
        assert ask(desk, UNKNOWN, "GET", "/admin").json() is None
    with open_desk(postgres) as desk:
        problem(ask(desk), 401)


def test_revoking_the_last_key_does_not_open_the_service(postgres, open_desk):
    with open_desk(postgres, loopback=True) as desk:
        key = desk.make_key("score")
        desk.revoke(key)
        desk.wait_for(lambda: ask(desk, key).status_code == 401)
        problem(ask(desk), 401)


def test_the_last_known_keys_go_on_through_an_outage_and_a_restart(postgres_server, open_desk, tmp_path):
    database = postgres_server.database()
    with open_desk(database) as desk:
        key = desk.make_key("score")
        assert desk.gate.problems == []
        postgres_server.stop()
        desk.wait_for(lambda: desk.ring.problem is not None)
        assert "the last known ones go on" in desk.gate.problems[0]
        assert ask(desk, key).status_code == 200
        problem(ask(desk, UNKNOWN), 401)
    copy = tmp_path / "home" / "serving" / "api_keys.json"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert key.split("_", 2)[2] not in copy.read_text()
    with open_desk(database) as desk:
        assert ask(desk, key).status_code == 200
        problem(ask(desk), 401)


def test_a_service_that_never_saw_the_keys_answers_nobody(postgres_server, open_desk):
    database = postgres_server.database()
    postgres_server.stop()
    with open_desk(database) as desk:
        answer = ask(desk, UNKNOWN)
        assert problem(answer, 503)["type"] == "urn:credit:problem:keys-unknown"
        assert answer.headers["retry-after"] == "2"
        postgres_server.start()
        desk.wait_for(lambda: ask(desk, UNKNOWN).status_code == 401, timeout=15)


def test_a_paused_database_does_not_hold_the_gate(postgres_server, open_desk):
    with open_desk(postgres_server.database()) as desk:
        key = desk.make_key("score")
        postgres_server.pause()
        desk.wait_for(lambda: desk.ring.problem is not None, timeout=10)
        assert ask(desk, key).status_code == 200
        postgres_server.resume()
        desk.revoke(key)
        desk.wait_for(lambda: ask(desk, key).status_code == 401)


def test_a_key_that_asks_too_often_is_told_when_to_come_back(desk):
    slow, other = desk.make_key("score", rate=5), desk.make_key("score")
    answers = [ask(desk, slow) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert problem(answers[-1], 429)["type"] == "urn:credit:problem:rate-limited"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 12
    assert ask(desk, other).status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/score", 405)])
def test_unknown_paths_and_methods_are_problems_with_security_headers(desk, method, path, status):
    answer = desk.client.request(method, path)
    problem(answer, status)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in answer.headers


def test_the_documentation_names_the_key(desk):
    document = desk.client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    assert document["paths"]["/outcomes"]["post"]["security"] == [{"ApiKey": []}]
    assert {"401", "403", "429"} <= set(document["paths"]["/internal/logs"]["post"]["responses"])


def test_a_service_that_is_not_held_to_its_role_says_so(shared_server, postgres, open_desk):
    shared_server.execute("CREATE ROLE plain_owner LOGIN SUPERUSER")
    owner = Database(postgres.url.replace("//postgres@", "//plain_owner@"))
    with open_desk(owner, service_url=owner.url) as desk:
        [said] = desk.gate.problems
        assert "the database user plain_owner, which is not held to the rights of credit_service" in said
    shared_server.execute("DROP ROLE plain_owner")


def test_a_key_may_come_as_a_bearer_token(desk):
    key = desk.make_key("observe")

    def answer(authorization):
        return desk.client.get("/observe", headers={"Authorization": authorization})

    assert answer(f"Bearer {key}").json() == key.split("_")[1]
    for refused in (f"Basic {key}", key, "Bearer", f"Bearer {UNKNOWN}"):
        problem(answer(refused), 401)


def test_a_key_of_its_own_header_goes_before_a_bearer_token(desk):
    key = desk.make_key("observe")
    headers = {"X-API-Key": UNKNOWN, "Authorization": f"Bearer {key}"}
    problem(desk.client.get("/observe", headers=headers), 401)
