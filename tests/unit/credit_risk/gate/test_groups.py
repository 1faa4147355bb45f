import pandas as pd
import pytest

from credit_risk.gate.groups import protected_groups


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (20.5, "under 30"),
        (29.99, "under 30"),
        (30.01, "30 to 39"),
        (49.9, "40 to 49"),
        (59.0, "50 to 59"),
        (69.0, "60 and over"),
        (None, None),
    ],
)
def test_age_is_told_in_decades(years, band):
    days = None if years is None else -365.25 * years
    frame = pd.DataFrame({"SK_ID_CURR": [1], "CODE_GENDER": ["F"], "DAYS_BIRTH": pd.Series([days], dtype="float64")})
    assert protected_groups(frame)["age"].tolist() == [band]


def test_a_gender_that_few_have_is_not_a_group():
    frame = pd.DataFrame({"SK_ID_CURR": [1, 2, 3, 4], "CODE_GENDER": ["F", "M", "XNA", None], "DAYS_BIRTH": -9000.0})
    assert protected_groups(frame)["gender"].where(lambda named: named.notna(), None).tolist() == [
        "women",
        "men",
        None,
        None,
    ]
