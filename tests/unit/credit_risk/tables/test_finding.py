"""Findings: what blocks is told apart, and a refusal names all of it."""

import pytest

from credit_risk.errors import ModelError
from credit_risk.tables.finding import MOST_LISTED, Finding, any_blocking, blocked, percent, refusal
from credit_risk.tables.violations import Violation


def finding(found="a fault", *, blocking=True):
    return Finding("bureau", "AMT", "check", 1, (), found, "none", "do this", blocking)


def test_a_violation_becomes_a_finding_that_blocks():
    violation = Violation("bureau", "AMT", "check", 1, ("row 1",), "a fault", "none", "do this")
    assert blocked(violation) == Finding(**vars(violation), blocking=True)
    assert str(blocked(violation)) == str(violation)


@pytest.mark.parametrize(("kinds", "blocks"), [([], False), ([False], False), ([False, True], True)])
def test_one_finding_that_blocks_is_enough(kinds, blocks):
    assert any_blocking([finding(blocking=kind) for kind in kinds]) is blocks


def test_a_refusal_for_one_reason_says_that_reason():
    error = refusal(ModelError, "bureau 1", [finding(), finding("a warning", blocking=False)])
    assert isinstance(error, ModelError)
    assert str(error) == "found 1 finding in bureau 1: (1) a fault; expected none; do this"
    assert [violation["found"] for violation in error.fields["violations"]] == ["a fault", "a warning"]


def test_a_refusal_lists_its_reasons_and_counts_the_rest():
    error = refusal(ModelError, "bureau", [finding(f"fault {i}") for i in range(MOST_LISTED + 2)])
    assert "(1) fault 0; (2) fault 1;" in str(error)
    assert f"fault {MOST_LISTED - 1}; and 2 more; expected" in str(error)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0 %"), (0.125, "12.5 %"), (1.0, "100.0 %"), (0.00012, "0.012 %"), (0.01, "1.0 %")]
)
def test_a_share_is_shown_with_the_digits_that_say_something(share, text):
    assert percent(share) == text
