"""The envelope of an application: every fault named, no value repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.application import MAX_BATCH, MAX_CLIENT_KEY, application_of, batch_of, refused
from serving.problems import RequestError


def faults(document):
    return {offender["feature"] for offender in application_of(document).offenders}


def test_features_are_read_as_sent():
    application = application_of({"SK_ID_CURR": 7, "features": {"A": 1.5, "B": None, "C": "x"}})
    assert application.sk_id_curr == 7
    assert application.features == {"A": 1.5, "B": None, "C": "x"}
    assert application.form is None
    assert application.offenders == []


def test_a_form_is_read_as_sent():
    application = application_of({"SK_ID_CURR": 7, "application": {"AMT_CREDIT": 1.0}})
    assert (application.features, application.form) == (None, {"AMT_CREDIT": 1.0})
    assert application.offenders == []


def test_a_client_alone_is_an_application():
    application = application_of({"SK_ID_CURR": 7})
    assert (application.features, application.form, application.offenders) == (None, None, [])


def test_features_and_form_together_are_refused():
    assert faults({"SK_ID_CURR": 7, "features": {}, "application": {}}) == {"features"}


@pytest.mark.parametrize("document", [[], 1, "text", None])
def test_what_is_not_an_object_is_at_fault(document):
    assert application_of(document).offenders == [{"feature": "", "problem": "expected an object"}]


@pytest.mark.parametrize("key", [0, -1, True, 1.0, "100001", None, [1], MAX_CLIENT_KEY + 1, 10**30])
def test_a_client_key_is_an_integer_that_fits_its_column(key):
    assert faults({"SK_ID_CURR": key, "features": {}}) == {"SK_ID_CURR"}


@pytest.mark.parametrize("key", [1, MAX_CLIENT_KEY])
def test_the_ends_of_the_range_are_client_keys(key):
    assert faults({"SK_ID_CURR": key, "features": {}}) == set()


@pytest.mark.parametrize("field", ["features", "application"])
@pytest.mark.parametrize("values", [None, [], "x", 1])
def test_features_and_form_are_objects(field, values):
    assert faults({"SK_ID_CURR": 1, field: values}) == {field}


def test_every_fault_is_named_at_once():
    assert faults({"SK_ID_CURR": "x", "features": 1, "other": 1}) == {"SK_ID_CURR", "features", "other"}


def test_an_unknown_field_is_told_what_is_accepted():
    (offender,) = application_of({"SK_ID_CURR": 1, "form": {}}).offenders
    assert offender == {"feature": "form", "problem": "not accepted; accepted are SK_ID_CURR, features, application"}


@pytest.mark.parametrize("field", ["features", "application"])
def test_text_that_postgresql_cannot_hold_is_named(field):
    assert faults({"SK_ID_CURR": 1, field: {"A": "x\x00y", "B": "fine"}}) == {"A"}


def test_a_long_field_name_is_cut():
    (name,) = faults({"SK_ID_CURR": 1, "features": {}, "x" * 10_000: 1})
    assert len(name) == 80


def test_a_refusal_names_the_first_and_counts_the_rest():
    error = refused([{"feature": f"F{i}", "problem": "unknown feature"} for i in range(25)])
    assert "F19: unknown feature; and 5 more" in str(error)
    assert len(error.fields["offenders"]) == 25


@given(st.one_of(st.text(min_size=6), st.integers(min_value=10**6), st.lists(st.text(min_size=6), min_size=1)))
def test_no_value_is_repeated_in_a_refusal(secret):
    marked = f"<{secret}>"
    application = application_of({"SK_ID_CURR": marked, "features": marked})
    assert marked not in str(refused(application.offenders))


def test_a_batch_is_read_in_order_with_the_faults_of_each():
    applications = batch_of({"applications": [{"SK_ID_CURR": 1, "features": {}}, 5, {"SK_ID_CURR": 2}]})
    assert [application.sk_id_curr for application in applications] == [1, 0, 2]
    assert [bool(application.offenders) for application in applications] == [False, True, False]


@pytest.mark.parametrize(
    "document", [[], None, {}, {"applications": 1}, {"applications": [], "more": 1}, {"applications": [], "x": 2}]
)
def test_what_is_no_batch_is_refused(document):
    with pytest.raises(RequestError, match="found no list of applications alone") as caught:
        batch_of(document)
    assert caught.value.status == 422


@pytest.mark.parametrize("n", [0, MAX_BATCH + 1])
def test_a_batch_has_a_least_and_a_most(n):
    with pytest.raises(RequestError, match=f"found {n} applications"):
        batch_of({"applications": [{}] * n})
