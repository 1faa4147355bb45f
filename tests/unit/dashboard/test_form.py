import pandas as pd
import pytest

from credit_risk.features.form import FIELDS as FORM_FIELDS
from credit_risk.features.form import read_form
from dashboard.form import COLUMNS, NOT_EMPLOYED, application, ranges

STATISTICS = pd.DataFrame(
    {"q25": [200_000.0, -20_000.0, 0.4], "median": [300_000.0, -16_000.0, 0.5], "q75": [500_000.0, -12_000.0, 0.6]},
    index=["AMT_CREDIT", "DAYS_BIRTH", "EXT_SOURCE_1"],
)


def test_every_question_is_a_column_of_the_form():
    assert set(COLUMNS) <= FORM_FIELDS.keys()


def test_a_range_reaches_three_interquartile_ranges_beyond_the_quartiles():
    found = ranges(STATISTICS)["AMT_CREDIT"]
    assert (found.low, found.usual, found.high) == (0.0, 300_000.0, 1_400_000.0)


def test_days_before_the_application_are_asked_for_in_years():
    found = ranges(STATISTICS)["DAYS_BIRTH"]
    assert found.usual == pytest.approx(43.8, abs=0.1)
    assert found.low < found.usual < found.high


def test_a_score_stays_between_0_and_1():
    found = ranges(STATISTICS)["EXT_SOURCE_1"]
    assert (found.low, found.high) == (pytest.approx(0.0), 1.0)


def test_answers_become_a_form_that_the_service_reads():
    answers = {"AMT_CREDIT": 300_000.0, "DAYS_BIRTH": 40.0, "DAYS_EMPLOYED": 5.0, "CNT_CHILDREN": 2.0,
               "NAME_INCOME_TYPE": "Working", "OCCUPATION_TYPE": None}  # fmt: skip
    columns = application(answers)
    assert columns == {"AMT_CREDIT": 300_000.0, "DAYS_BIRTH": -14_610.0, "DAYS_EMPLOYED": -1_826.0,
                       "CNT_CHILDREN": 2.0, "NAME_INCOME_TYPE": "Working"}  # fmt: skip
    assert read_form(columns).keys() == columns.keys()


def test_who_is_not_employed_is_said_as_the_raw_table_says_it():
    assert application({"DAYS_EMPLOYED": 0.0}) == {"DAYS_EMPLOYED": NOT_EMPLOYED}
