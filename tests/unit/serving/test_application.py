"""The envelope of an application: one parse, every fault named, no value repeated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.application import MAX_CLIENT_KEY, read_application, refusal
from serving.problems import RequestError


def faults(body):
    return {offender["feature"] for offender in read_application(json.dumps(body).encode()).offenders}


def test_a_valid_application_is_read_as_sent():
    application = read_application(b'{"SK_ID_CURR": 7, "features": {"A": 1.5, "B": null, "C": "x"}}')
    assert application.sk_id_curr == 7
    assert application.features == {"A": 1.5, "B": None, "C": "x"}
    assert application.offenders == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}', b"{} {}", b"\xff", b"[" * 5000],
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(RequestError, match="found no JSON at line") as caught:
        read_application(body)
    assert caught.value.status == 400


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_json_that_is_not_an_object_is_refused(body):
    with pytest.raises(RequestError, match="found JSON that is not an object"):
        read_application(body)


@pytest.mark.parametrize("key", [0, -1, True, 1.0, "100001", None, [1], MAX_CLIENT_KEY + 1, 10**30])
def test_a_client_key_is_an_integer_that_fits_its_column(key):
    assert faults({"SK_ID_CURR": key, "features": {}}) == {"SK_ID_CURR"}


@pytest.mark.parametrize("key", [1, MAX_CLIENT_KEY])
def test_the_ends_of_the_range_are_client_keys(key):
    assert faults({"SK_ID_CURR": key, "features": {}}) == set()


@pytest.mark.parametrize("features", [None, [], "x", 1])
def test_features_are_an_object(features):
    assert faults({"SK_ID_CURR": 1, "features": features}) == {"features"}


def test_every_fault_is_named_at_once():
    assert faults({"SK_ID_CURR": "x", "application": {}, "other": 1}) == {
        "SK_ID_CURR",
        "features",
        "application",
        "other",
    }


def test_a_field_of_a_later_contract_is_told_what_is_accepted_now():
    application = read_application(b'{"SK_ID_CURR": 1, "application": {}}')
    assert application.offenders[0] == {
        "feature": "application",
        "problem": "not accepted; accepted are SK_ID_CURR and features",
    }


def test_text_that_postgresql_cannot_hold_is_named():
    application = read_application(b'{"SK_ID_CURR": 1, "features": {"A": "x\\u0000y", "B": "fine"}}')
    assert [offender["feature"] for offender in application.offenders] == ["A"]


def test_a_long_field_name_is_cut():
    (name,) = faults({"SK_ID_CURR": 1, "features": {}, "x" * 10_000: 1})
    assert len(name) == 80


def test_a_refusal_names_twenty_and_counts_the_rest():
    error = refusal([{"feature": f"F{i}", "problem": "unknown feature"} for i in range(25)])
    assert "F19: unknown feature; and 5 more" in str(error)
    assert len(error.fields["offenders"]) == 25


@given(st.binary(max_size=200))
def test_any_bytes_are_an_application_or_an_error_of_ours(body):
    try:
        read_application(body)
    except RequestError as error:
        assert error.status == 400  # noqa: PT017 - both outcomes are right, a third is not


@given(st.text(min_size=8, alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_no_value_is_repeated_in_a_refusal(secret):
    marked = f"<{secret}>"
    application = read_application(json.dumps({"SK_ID_CURR": marked, "features": marked}).encode())
    assert marked not in str(refusal(application.offenders))
