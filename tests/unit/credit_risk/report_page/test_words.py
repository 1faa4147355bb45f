"""Numbers in words."""

import pytest

from credit_risk.report_page import words


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (0.123, "12 %"), (0.004, "< 1 %"), (1.0, "100 %"), (None, "-"), (float("nan"), "-")],
)
def test_a_share_above_nothing_is_never_nothing(share, said):
    assert words.percent(share) == said


@pytest.mark.parametrize(("value", "said"), [(0.0123, "0.0123"), (1e-9, "< 0.0001"), (float("nan"), "-")])
def test_a_tiny_p_value_is_below_a_bound(value, said):
    assert words.p_value(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.3141, "0.31 ms"), (12.345, "12.3 ms"), (1234.5, "1234 ms"), (0.0, "0 ms"), (None, "-")]
)
def test_milliseconds_have_three_figures(value, said):
    assert words.milliseconds(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.4249, "0.425"), (1234.6, "1,235"), (5.6e6, "5.6 M"), (-2.5e9, "-2.5 G"), (0.0, "0")]
)
def test_amounts_of_any_size_are_short(value, said):
    assert words.amount(value) == said
