import math

import pytest

from credit_risk.errors import ApplicationError
from credit_risk.features import across_sources, application
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.features.form import FIELDS, compile_form, read_form
from credit_risk.tables.application import APPLICATION_TEST


@pytest.fixture(scope="module")
def program():
    return compile_form()


def offenders(form):
    with pytest.raises(ApplicationError) as caught:
        read_form(form)
    return {offender["feature"]: offender["problem"] for offender in caught.value.fields["offenders"]}


def test_the_fields_of_a_form_are_the_columns_of_an_application_without_its_key():
    assert list(FIELDS) == [name for name in APPLICATION_TEST.columns if name != "SK_ID_CURR"]


def test_numbers_become_floats_and_what_is_null_or_empty_is_missing():
    form = {"CNT_CHILDREN": 2, "AMT_CREDIT": 1000, "OWN_CAR_AGE": None, "CODE_GENDER": "F", "NAME_TYPE_SUITE": ""}
    fields = read_form(form)
    assert fields == {"CNT_CHILDREN": 2.0, "AMT_CREDIT": 1000.0, "CODE_GENDER": "F"}
    assert {type(fields[name]) for name in ("CNT_CHILDREN", "AMT_CREDIT")} == {float}


def test_whole_numbers_may_come_with_a_point():
    assert read_form({"DAYS_BIRTH": -12000.0}) == {"DAYS_BIRTH": -12000.0}


def test_a_category_never_seen_is_accepted():
    assert read_form({"OCCUPATION_TYPE": "Astronaut"}) == {"OCCUPATION_TYPE": "Astronaut"}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("AMT_CREDITS", 1, "unknown field"),
        ("AMT_CREDITS", None, "unknown field"),
        ("TARGET", 1, "not accepted: the outcome is not known"),
        ("SK_ID_CURR", 100_001, "expected beside the form"),
        ("AMT_CREDIT", "1000", "expected a number"),
        ("AMT_CREDIT", True, "expected a number"),
        ("AMT_CREDIT", [1], "expected a number"),
        ("AMT_CREDIT", math.nan, "expected a finite number"),
        ("AMT_CREDIT", math.inf, "expected a finite number"),
        ("AMT_CREDIT", 10**400, "expected a finite number"),
        ("CNT_CHILDREN", 1.5, "expected a whole number"),
        ("CNT_CHILDREN", math.nan, "expected a whole number"),
        ("CNT_CHILDREN", 10**400, "expected a whole number"),
        ("CNT_CHILDREN", -1, "expected at least 0"),
        ("DAYS_BIRTH", 1, "expected at most -1"),
        ("EXT_SOURCE_1", 1.5, "expected 0 to 1"),
        ("FLAG_MOBIL", 2, "expected one of 0, 1"),
        ("FLAG_OWN_CAR", "yes", "expected one of Y, N"),
        ("CODE_GENDER", 1, "expected text"),
        ("CODE_GENDER", "F\x00", "expected text without the character U\\+0000"),
    ],
)
def test_a_field_at_fault_is_named_with_what_was_expected(name, value, problem):
    with pytest.raises(ApplicationError, match=f"found 1 form field at fault: {name}: {problem}"):
        read_form({name: value})


def test_all_fields_at_fault_are_named_at_once():
    form = {"AMT_CREDIT": "x", "CODE_GENDER": 1, "NAME": 1, "AMT_ANNUITY": 5}
    assert list(offenders(form)) == ["AMT_CREDIT", "CODE_GENDER", "NAME"]


def test_an_error_repeats_no_value_and_no_endless_name():
    (name,) = offenders({"N" * 1000: "secret"})
    assert len(name) == 80
    with pytest.raises(ApplicationError) as caught:
        read_form({"AMT_CREDIT": "secret"})
    assert "secret" not in str(caught.value)


def test_a_form_has_the_features_of_the_application_and_those_across_sources(program):
    expected = [*application.SPECIFICATIONS, *across_sources.SPECIFICATIONS]
    assert program.names == tuple(term.name for term in expected)
    assert set(program.features({}, {})) == set(program.names)


def test_what_is_read_of_histories_is_stored_with_them(program):
    stored = {term.name for table in FEATURE_TABLES[1:] for term in table.specifications}
    assert program.history
    assert program.history <= stored


def test_the_form_is_set_against_the_history_of_its_client(program):
    fields = read_form({"AMT_INCOME_TOTAL": 100_000, "AMT_ANNUITY": 6_000, "DAYS_EMPLOYED": 365243})
    history = {"BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM": 50_000.0}
    found = program.features(fields, history)
    assert found["BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM_TO_AMT_INCOME_TOTAL"] == 0.5
    assert found["ANNUITY_BURDEN"] == 0.06
    assert found["DAYS_EMPLOYED"] is None


def test_a_history_never_takes_the_place_of_the_form(program):
    fields = read_form({"AMT_INCOME_TOTAL": 100_000})
    history = {"AMT_INCOME_TOTAL": 1.0, "BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM": 50_000.0}
    assert program.features(fields, history)["BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM_TO_AMT_INCOME_TOTAL"] == 0.5
