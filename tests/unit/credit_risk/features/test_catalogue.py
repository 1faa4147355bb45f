from pathlib import Path

from credit_risk.features.catalogue import describe, description
from credit_risk.features.client import FEATURES

PAGE = Path(__file__).parents[4] / "docs" / "features.md"


def described(name):
    return next(description(term) for term in FEATURES if term.name == name)


def test_the_page_is_what_the_specifications_say():
    command = 'python -c "from credit_risk.features.catalogue import describe; print(describe(), end=str())"'
    assert PAGE.read_text() == describe(), f"write it anew: {command} > docs/features.md"


def test_every_feature_has_a_line_of_its_own():
    lines = [description(term) for term in FEATURES]
    assert all(line.count("; ") >= 1 and "\n" not in line and "|" not in line for line in lines)
    assert len(set(lines)) == len(lines)


def test_a_line_says_source_statistic_measure_filter_and_unit():
    assert described("BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM") == (
        "bureau: sum of current debt (AMT_CREDIT_SUM_DEBT) over credits at other lenders that are active; currency"
    )


def test_a_feature_across_sources_names_both():
    line = described("AMT_ANNUITY_TO_PREVIOUS_APPROVED_AMT_ANNUITY_MEAN")
    assert line.startswith("application and previous_application: ")


def test_the_page_says_what_a_name_of_its_own_stands_for():
    assert "- `UTILIZATION`: balance (AMT_BALANCE) divided by limit (AMT_CREDIT_LIMIT_ACTUAL)" in describe()
