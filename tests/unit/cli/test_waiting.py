import pytest

from cli.waiting import wait_for
from credit_risk.errors import UnavailableError


def test_what_is_there_is_returned():
    assert wait_for("number", lambda: 7, timeout=1) == 7


def test_what_comes_later_is_returned():
    answers = iter([None, None, "there"])
    assert wait_for("answer", lambda: next(answers), timeout=10) == "there"


def test_a_falsy_answer_is_an_answer():
    assert wait_for("count", lambda: 0, timeout=1) == 0


def test_what_does_not_come_is_a_clear_error():
    with pytest.raises(UnavailableError, match="found no alert after 0 s; expected alert within that time"):
        wait_for("alert", lambda: None, timeout=0)
