import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import strict_json
from serving.problems import RequestError


def refusal(body, **limits):
    with pytest.raises(RequestError, match="found") as caught:
        strict_json.loads(body.encode() if isinstance(body, str) else body, **limits)
    assert caught.value.status == 400
    return caught.value.kind


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1, "a": 1}',
        '{"a":1,"b":{"c":1,"c":2}}',
        '[{"a": 1}, {"a": 1, "a": 2}]',
        '{"a" : 1, "\\u0061" : 2}',
        '{"": 1, "": 2}',
        '{"t": "x\\": y", "a": 1, "a": 2}',
        '{"t": ":", "u": "\\u003a", "a": 1, "a": 2}',
        '{"a": {"b": ":::"}, "a": 1}',
        '{"a": [1, 2, {"b": 1}], "a" \n\t: 1}',
    ],
)
def test_a_key_twice_is_refused_however_it_is_written(body):
    assert refusal(body) == "duplicate-keys"


@pytest.mark.parametrize(
    "document",
    [
        {"a": ":", "b": '":', "c": '\\":', ":": ["::", {'"': 1}]},
        {'"x": ': '"x": ', "\\": "\\\\"},
        [{"a": 1}, {"a": 1}],
        {},
        [],
        "a: b",
        7,
        None,
    ],
)
def test_colons_and_quotes_in_texts_are_no_keys(document):
    assert strict_json.loads(json.dumps(document).encode()) == document
    assert strict_json.loads(json.dumps(document, indent=1, separators=(" ,", " : ")).encode()) == document


TEXTS = st.text(alphabet='a:"\\ ,{}é', max_size=4)
PAIRS = st.recursive(
    st.one_of(st.none(), st.integers(-9, 9), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(st.tuples(TEXTS, inner), max_size=4).map(lambda pairs: ("object", pairs))
    ),
    max_leaves=12,
)


def written(value, escape):
    if isinstance(value, tuple):
        pairs = (f"{json.dumps(k, ensure_ascii=escape)}:{written(v, escape)}" for k, v in value[1])
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + " ,".join(written(item, escape) for item in value) + "]"
    return json.dumps(value, ensure_ascii=escape)


@given(PAIRS, st.booleans())
def test_it_refuses_exactly_what_names_a_key_twice(value, escape):
    body = written(value, escape)
    found = []

    def note(pairs):
        found.append(len(pairs) != len(dict(pairs)))
        return dict(pairs)

    document = json.loads(body, object_pairs_hook=note)
    if any(found):
        assert refusal(body, max_depth=99) == "duplicate-keys"
    else:
        assert strict_json.loads(body.encode(), max_depth=99) == document


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "01", "'a'", "", "{,}", "\ufeff{}"])
def test_what_is_not_json_is_refused(literal):
    assert refusal(literal) == "invalid-json"


def test_bytes_that_are_not_utf8_are_refused():
    assert refusal(b'{"a": "\xff"}') == "invalid-json"
    assert refusal('"\\ud800"') == "invalid-json"


def test_depth_is_limited_in_lists_and_objects():
    assert strict_json.loads(b'[{"a": [1]}]', max_depth=3) == [{"a": [1]}]
    assert refusal('[{"a": [1]}]', max_depth=2) == "too-deep"
    assert refusal("[" * 500 + "]" * 500) == "too-deep"
    # Deeper than the parser follows: it refuses first.
    assert refusal("[" * 10_000 + "]" * 10_000) == "invalid-json"


def test_the_number_of_values_is_limited_before_they_are_made(monkeypatch):
    assert strict_json.loads(b"[1,2,3]", max_values=3) == [1, 2, 3]
    monkeypatch.setattr(orjson, "loads", None)
    assert refusal("[" + "{},".rstrip(",") + ",{}" * 50 + "]", max_values=20) == "too-many-values"


def test_no_refusal_repeats_what_was_sent():
    for body in (b'{"SECRET": SECRET}', b'{"SECRET": 1, "SECRET": 2}', b'[[[["SECRET"]]]]'):
        with pytest.raises(RequestError, match="found") as caught:
            strict_json.loads(body, max_depth=2)
        assert "SECRET" not in str(caught.value)
