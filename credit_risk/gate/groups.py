"""Groups: who is compared with whom when errors are counted by group.

Here: gender and age band of an applicant, from columns that are stored for this. Add an attribute
that equal-treatment law names. Keep out: what differences between groups mean (fairness).
"""

import numpy as np
import pandas as pd

GENDER = "gender"
AGE = "age"

# What the groups are read from; the gate asks the feature store for no other columns.
GENDER_FEATURE = "CODE_GENDER"
AGE_FEATURE = "DAYS_BIRTH"
GROUP_FEATURES = (GENDER_FEATURE, AGE_FEATURE)

DAYS_A_YEAR = 365.25
# Decades: narrow enough to see the young and the old, wide enough to hold clients. Nobody below
# 20 applies, and few from 70 on.
BANDS = ((0, "under 30"), (30, "30 to 39"), (40, "40 to 49"), (50, "50 to 59"), (60, "60 and over"))

# As the raw table codes them; others are too few for a rate.
GENDERS = {"F": "women", "M": "men"}


def protected_groups(frame: pd.DataFrame) -> pd.DataFrame:
    """Group memberships of applicants.

    Args:
        frame: SK_ID_CURR, CODE_GENDER and DAYS_BIRTH (days before the application, negative).

    Returns:
        SK_ID_CURR, `gender` and `age` as text; None where it is not known.
    """
    years = frame[AGE_FEATURE].to_numpy(dtype=np.float64, na_value=np.nan) / -DAYS_A_YEAR
    band = np.searchsorted([start for start, _ in BANDS[1:]], years, side="right")
    names = np.array([name for _, name in BANDS], dtype=object)[band]
    names[np.isnan(years)] = None
    return pd.DataFrame(
        {
            "SK_ID_CURR": frame["SK_ID_CURR"].to_numpy(),
            GENDER: frame[GENDER_FEATURE].astype(object).map(GENDERS).astype(object).to_numpy(),
            AGE: names,
        }
    )
