"""Bodies that are made to hurt: each is answered with a problem that repeats nothing, and the service goes on."""

import gzip
import json
import socket
import zlib
from contextlib import closing, suppress

import pytest

from serving.body import MAX_BODY_BYTES
from serving.contract import ProblemBody

SECRET = "S3CR3T-271828"
ROUTES = ["/predict", "/predict/batch", "/outcomes"]
NO_STRICT_JSON = {
    "a hundred thousand lists": b"[" * 100_000,
    "a hundred thousand lists, all closed": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deeper than any order": b'{"features":' * 9 + b"1" + b"}" * 9,
    "a number beyond all floats": b'{"SK_ID_CURR": 1, "features": {"AMT_CREDIT": 1e400}}',
    "an integer beyond all floats": b'{"SK_ID_CURR": 1' + b"0" * 400 + b"}",
    "half of a surrogate pair": b'{"SK_ID_CURR": 1, "features": {"CODE_GENDER": "\\ud800"}}',
    "half of a surrogate pair as a name": b'{"\\udc00": 1}',
    "a surrogate written in UTF-8": b'{"SK_ID_CURR": "\xed\xa0\x80"}',
    "an overlong slash": b'{"SK_ID_CURR": "\xc0\xaf"}',
    "UTF-16": '{"SK_ID_CURR": 1}'.encode("utf-16"),
    "a NUL between values": b'{"SK_ID_CURR":\x00 1}',
    "a name twice": b'{"SK_ID_CURR": 1, "SK_ID_CURR": 2}',
    "a name twice, once escaped": b'{"SK_ID_CURR": 1, "SK_ID_CUR\\u0052": 2}',
    "nothing": b"",
    "white space": b" \r\n\t " * 1000,
    "gzip that is not said to be": gzip.compress(b"{}"),
}  # fmt: skip

WRONG_TYPES = [None, True, 0, -1, 1.5, 10**18, "", SECRET, [], [[SECRET]], {}, {SECRET[:1]: {"b": SECRET}}]
STRANGE_TEXTS = ["\x00", f"\u202e{SECRET}\u202c", "\U0001f4a3" * 50, "\ufeff", "\u0000\uffff", "\uff41", "a" * 10_000]


@pytest.fixture(scope="module")
def service(postgres_module, tiny_model, tmp_path_factory, make_service):
    with make_service(postgres_module, tiny_model("1", seed=1), tmp_path_factory.mktemp("home")) as service:
        yield service


@pytest.fixture(autouse=True)
def goes_on(service):
    """Whatever a test sent, the next application is answered."""
    yield
    assert service.predict().status_code == 200


def send(service, route, content, **headers):
    headers = {"Content-Type": "application/json"} | headers
    return service.client.post(route, content=content, headers=headers)


def refused(answer, *statuses):
    assert answer.status_code in statuses, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    ProblemBody.model_validate(answer.json())
    assert SECRET not in answer.text
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", NO_STRICT_JSON.values(), ids=NO_STRICT_JSON)
def test_what_is_no_strict_json_is_refused(service, route, body):
    refused(send(service, route, body), 400)


def mutations(document):
    """The document with each of its values, at every level, in turn replaced by each wrong type."""
    yield from WRONG_TYPES
    if isinstance(document, dict | list):
        for place, value in document.items() if isinstance(document, dict) else enumerate(document):
            for changed in mutations(value):
                copy = document.copy()
                copy[place] = changed
                yield copy


OUTCOME = {"prediction_id": SECRET, "target": 7, "observed_at": SECRET}


@pytest.mark.parametrize(
    ("route", "document"),
    [
        ("/predict", {"SK_ID_CURR": SECRET, "features": {"AMT_CREDIT": SECRET, "CODE_GENDER": [SECRET]}}),
        ("/predict", {"SK_ID_CURR": 0, "application": {"AMT_CREDIT": SECRET}}),
        ("/outcomes", {"outcomes": [OUTCOME, OUTCOME]}),
    ],
)
def test_wrong_types_at_every_level_are_refused(service, route, document):
    for changed in mutations(document):
        refused(send(service, route, json.dumps(changed)), 400, 422)


def test_a_batch_answers_each_wrong_type_by_itself(service):
    answer = service.client.post("/predict/batch", json={"applications": WRONG_TYPES})
    assert answer.status_code == 200
    assert {item["status"] for item in answer.json()["answers"]} == {422}
    assert SECRET not in answer.text


@pytest.mark.parametrize("text", STRANGE_TEXTS, ids=ascii)
def test_strange_texts_are_kept_as_sent_or_refused(service, text):
    answer = service.predict(features={"ORGANIZATION_TYPE": text})
    if "\x00" in text:
        refused(answer, 422)
        return
    assert answer.status_code == 200
    stored = service.client.get(f"/predictions/{answer.json()['prediction_id']}").json()
    assert stored["features"] == {"ORGANIZATION_TYPE": text}
    refused(service.predict(features={"AMT_CREDIT": text}), 422)


@pytest.mark.parametrize("name", STRANGE_TEXTS, ids=ascii)
def test_strange_names_are_named_and_cut(service, name):
    answer = service.predict(features={name: 1})
    # A name is repeated to its sender, by design; what stands beside it is not.
    assert answer.status_code == 422
    assert len(answer.json()["errors"][0]["feature"]) <= 80


def test_a_body_may_have_a_mebibyte_and_no_byte_more(service):
    body = b'{"SK_ID_CURR": 1, "features": {}}'
    assert send(service, "/predict", body.ljust(MAX_BODY_BYTES)).status_code == 200
    refused(send(service, "/predict", body.ljust(MAX_BODY_BYTES + 1)), 413)
    refused(send(service, "/predict", iter([body.ljust(MAX_BODY_BYTES), b" "])), 413)


def test_a_gigabyte_in_a_megabyte_of_gzip_is_not_unfolded(service):
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    head = packer.compress(b"0") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the stream knows nothing of what came before: the same piece may follow itself.
    piece = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = head + piece * 64
    assert len(bomb) < 2**21
    refused(send(service, "/internal/logs", bomb, **{"Content-Encoding": "gzip"}), 413)
    refused(send(service, "/internal/logs", gzip.compress(bomb), **{"Content-Encoding": "gzip, gzip"}), 415)


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "multipart/form-data; boundary=x", "application/json5", "application/xml", "", "/", "\xff"],
)
@pytest.mark.parametrize("route", [*ROUTES, "/internal/logs"])
def test_other_media_types_are_refused_on_every_route(service, route, media_type):
    refused(send(service, route, b"{}", **{"Content-Type": media_type.encode("latin-1")}), 415)


@pytest.mark.parametrize("nesting", [253, 254, 255, 500, 1023, 1024, 1025, 100_000])
@pytest.mark.parametrize("opened", ["[", '{"a":', '{"\\u0000":'])
def test_log_lines_of_any_depth_are_kept(service, opened, nesting):
    closed = "]" if opened == "[" else "}"
    answer = send(service, "/internal/logs", opened * nesting + '"\\u0000"' + closed * nesting)
    assert answer.status_code == 200, answer.text
    assert answer.json()["received"] == 1


def test_a_chunked_body_that_drips_for_ever_ends_with_the_deadline(service, monkeypatch):
    monkeypatch.setattr("serving.body.BODY_TIMEOUT_S", 0.5)
    host, port = service.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.settimeout(0.05)
        answer = b""
        for _ in range(100):
            client.sendall(b"1\r\n \r\n")
            with suppress(TimeoutError):
                answer = client.recv(1000)
                break
        assert answer.startswith(b"HTTP/1.1 408")
