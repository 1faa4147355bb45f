"""The person who applies: age, work, schooling, household, home region, external scores.

Here: the columns of an application that describe the applicant. Add a column with the link that
makes it plausible. Keep out: the credit applied for (credit_terms), the building (buildings),
whether the applicant repays (default_risk).
"""

import numpy as np

from simulation.columns import NEVER, Floats, Labels, Mask, Table, missing_where, whole
from simulation.dependence import Scores, blend, centred, chance, ranked, top_share, uniform
from simulation.profile import TableProfile

# A working life starts at 18 at the earliest.
ADULT_DAYS = 18 * 365

# Occupations from those held mostly by men to those held mostly by women.
OCCUPATIONS = (
    "Drivers",
    "Security staff",
    "Laborers",
    "Low-skill Laborers",
    "IT staff",
    "High skill tech staff",
    "Managers",
    "Realty agents",
    "Waiters/barmen staff",
    "Core staff",
    "Sales staff",
    "HR staff",
    "Cooking staff",
    "Private service staff",
    "Cleaning staff",
    "Secretaries",
    "Medicine staff",
    "Accountants",
)
EDUCATIONS = (
    "Lower secondary",
    "Secondary / secondary special",
    "Incomplete higher",
    "Higher education",
    "Academic degree",
)
HOUSINGS = ("With parents", "Rented apartment", "Municipal apartment", "Office apartment")
NOT_WORKING = ("Pensioner", "Unemployed")
COUPLES = ("Married", "Civil marriage")

# The smallest EXT_SOURCE_2 of the published files, far below the profile's sample: what makes
# exponents appear in the CSV; it is approached within the profile's lowest percent.
SMALLEST_EXT_SOURCE_2, LOWEST = 8.17e-08, 0.01

# Distinct values of columns that are scores of a table look-up, not measurements: published counts.
EXT_SOURCE_3_VALUES = 814
POPULATION_VALUES = 81


def work(t: TableProfile, g: Scores, rng: np.random.Generator) -> Table:
    """Age, employment and what hangs on it; pensioners are old and employed since "never"."""
    n = len(g["DAYS_BIRTH"])
    # 0.88: nine of ten applicants over 62 are pensioners and hardly anyone below 50.
    retired = top_share(blend(rng, n, (-0.88, g["DAYS_BIRTH"])), t["DAYS_EMPLOYED"].never_share)
    birth = whole(t["DAYS_BIRTH"].quantile(uniform(g["DAYS_BIRTH"])))
    employed = np.full(n, NEVER)
    # Ranked among those who work: they are younger than all, and their score says so.
    employed[~retired] = whole(t["DAYS_EMPLOYED"].before_never(ranked(g["DAYS_EMPLOYED"][~retired])))
    longest = np.minimum(birth + ADULT_DAYS, 0)
    employed = np.where(employed < longest, whole(longest * rng.uniform(0.6, 1.0, n)), employed)
    income_type = _income_type(t, g, rng, retired)
    organization = t["ORGANIZATION_TYPE"]
    # The levels left of XNA in share order: a pensioner has no employer, everybody else has one.
    retired_share = organization.share("XNA")
    employer = organization.label(retired_share + (1 - retired_share) * rng.random(n), order=("XNA",))
    phone = t["FLAG_WORK_PHONE"].mean / (1 - retired.mean())
    return {
        "DAYS_BIRTH": birth,
        "DAYS_EMPLOYED": employed,
        "NAME_INCOME_TYPE": income_type,
        "ORGANIZATION_TYPE": employer.where(~retired, "XNA"),
        "FLAG_EMP_PHONE": (~retired).astype(np.int64),
        "FLAG_WORK_PHONE": (~retired & chance(rng, n, phone)).astype(np.int64),
    }


def _income_type(t: TableProfile, g: Scores, rng: np.random.Generator, retired: Mask) -> Labels:
    column = t["NAME_INCOME_TYPE"]
    pension = column.share(*NOT_WORKING)
    # Commercial associates earn more than workers.
    score = blend(rng, len(retired), (0.25, g["AMT_INCOME_TOTAL"]))
    order = (*NOT_WORKING, "Working", "State servant", "Commercial associate")
    working = column.label(pension + (1 - pension) * uniform(score), order)
    return working.where(~retired, column.label(pension * rng.random(len(retired)), order))


def person(t: TableProfile, g: Scores, rng: np.random.Generator, retired: Mask) -> Table:
    """Gender, schooling, occupation, household, car."""
    n = len(retired)
    men = t["CODE_GENDER"].share("M")
    # Men earn more and apply younger.
    man = top_share(blend(rng, n, (0.25, g["AMT_INCOME_TOTAL"]), (0.15, g["DAYS_BIRTH"])), men)
    manly = centred(man, men)
    schooling = uniform(blend(rng, n, (0.35, g["AMT_INCOME_TOTAL"]), (-0.15, g["REGION_RATING_CLIENT"])))
    car_owner = top_share(blend(rng, n, (0.3, g["AMT_INCOME_TOTAL"]), (0.35, manly)), 1 - t["OWN_CAR_AGE"].missing)
    housing = blend(rng, n, (-0.35, g["DAYS_BIRTH"]))
    return {
        "CODE_GENDER": Labels(man.astype(np.int16), ("F", "M", "XNA")),
        "NAME_EDUCATION_TYPE": t["NAME_EDUCATION_TYPE"].label(schooling, order=EDUCATIONS),
        "OCCUPATION_TYPE": _occupation(t, rng, manly, retired),
        "FLAG_OWN_CAR": Labels.flags(car_owner),
        "OWN_CAR_AGE": missing_where(t["OWN_CAR_AGE"].count(uniform(g["OWN_CAR_AGE"])), ~car_owner),
        "FLAG_OWN_REALTY": t["FLAG_OWN_REALTY"].label(rng.random(n)),
        "NAME_HOUSING_TYPE": t["NAME_HOUSING_TYPE"].label(uniform(housing), order=HOUSINGS),
        **_household(t, g, rng),
    }


def _occupation(t: TableProfile, rng: np.random.Generator, manly: Floats, retired: Mask) -> Labels:
    """Pensioners never have one; the rest of the missing share leaves it blank."""
    column, n = t["OCCUPATION_TYPE"], len(retired)
    stated = ~top_share(np.where(retired, 2.0, rng.random(n)), column.missing)
    u = np.zeros(n)
    u[stated] = ranked(blend(rng, n, (-0.7, manly))[stated])
    return column.label(u, order=OCCUPATIONS).missing_where(~stated)


def _household(t: TableProfile, g: Scores, rng: np.random.Generator) -> Table:
    """Children, and a family of children, applicant and, for couples, the partner: always."""
    n = len(g["CNT_CHILDREN"])
    children = t["CNT_CHILDREN"].count(uniform(g["CNT_CHILDREN"]))
    status = t["NAME_FAMILY_STATUS"]
    couples = status.share(*COUPLES)
    # What the family-size score says beyond the children: a partner. 0.6 and not their correlation
    # of 0.82, as those with children have a partner more often.
    partner = top_share(g["CNT_FAM_MEMBERS"] - 0.6 * g["CNT_CHILDREN"], couples)
    order = (*COUPLES, "Single / not married", "Separated", "Widow")
    alone = uniform(blend(rng, n, (-0.6, g["DAYS_BIRTH"])))
    together = uniform(blend(rng, n, (0.2, g["DAYS_BIRTH"])))
    single_status = status.label(couples + (1 - couples) * alone, order=order)
    return {
        "CNT_CHILDREN": children,
        "CNT_FAM_MEMBERS": (children + 1 + partner).astype(np.float64),
        "NAME_FAMILY_STATUS": status.label(couples * together, order=order).where(partner, single_status),
    }


def region(t: TableProfile, g: Scores, rng: np.random.Generator, retired: Mask) -> Table:
    """The home region, and whether home, work and registration lie apart."""
    n = len(retired)
    rating = t["REGION_RATING_CLIENT"].count(uniform(g["REGION_RATING_CLIENT"]))
    # The city improves a region's rating by one, for as many as the two means differ by.
    better = t["REGION_RATING_CLIENT"].mean - t["REGION_RATING_CLIENT_W_CITY"].mean
    improved = (rating > 1) & chance(rng, n, better / (rating > 1).mean())
    steps = (np.floor(uniform(g["REGION_POPULATION_RELATIVE"]) * POPULATION_VALUES) + 0.5) / POPULATION_VALUES
    table: Table = {
        "REGION_RATING_CLIENT": rating,
        "REGION_RATING_CLIENT_W_CITY": rating - improved,
        "REGION_POPULATION_RELATIVE": np.round(t["REGION_POPULATION_RELATIVE"].quantile(steps), 6),
    }
    for area in ("REGION", "CITY"):
        table |= _apart(t, rng, area, ~retired)
    return table


def _apart(t: TableProfile, rng: np.random.Generator, area: str, working: Mask) -> Table:
    """Registration (R), home (L) and work (W): if two of them lie apart, the third cannot join both."""
    n = len(working)
    names = (f"REG_{area}_NOT_WORK_{area}", f"LIVE_{area}_NOT_WORK_{area}", f"REG_{area}_NOT_LIVE_{area}")
    registered, live, moved = (t[name].mean for name in names)
    # 0.95: who lives away from work is nearly always registered away from it as well.
    both = 0.95 * live
    u = np.where(working, rng.random(n), 1.0) * working.mean()
    in_both, only_live = u < both, (u >= both) & (u < live)
    only_registered = (u >= live) & (u < live + registered - both)
    three_places = max(moved - (live - both) - (registered - both), 0.0) / both
    return {
        names[0]: (in_both | only_registered).astype(np.int64),
        names[1]: (in_both | only_live).astype(np.int64),
        names[2]: (only_live | only_registered | (in_both & chance(rng, n, three_places))).astype(np.int64),
    }


def dates(t: TableProfile, g: Scores, birth: Floats) -> Table:
    """Days since registration, passport and phone changed: none before birth."""
    registration = whole(t["DAYS_REGISTRATION"].quantile(uniform(g["DAYS_REGISTRATION"])))
    passport = whole(t["DAYS_ID_PUBLISH"].quantile(uniform(g["DAYS_ID_PUBLISH"])))
    phone = t["DAYS_LAST_PHONE_CHANGE"].count(uniform(g["DAYS_LAST_PHONE_CHANGE"]))
    return {
        "DAYS_REGISTRATION": np.maximum(registration, birth).astype(np.float64),
        "DAYS_ID_PUBLISH": np.maximum(passport, birth).astype(np.int64),
        "DAYS_LAST_PHONE_CHANGE": phone.astype(np.float64),
    }


def external_scores(t: TableProfile, g: Scores, rng: np.random.Generator, unknown_to_bureau: Floats) -> Table:
    """The three scores bought from outside; the third comes from a bureau that must know the applicant."""
    n = len(unknown_to_bureau)
    first = t["EXT_SOURCE_1"].quantile(uniform(g["EXT_SOURCE_1"]))
    u, edge = uniform(g["EXT_SOURCE_2"]), t["EXT_SOURCE_2"].quantiles[1]
    # Below the first percent the profile knows two points: a cubic reaches the published minimum.
    lowest = SMALLEST_EXT_SOURCE_2 + (edge - SMALLEST_EXT_SOURCE_2) * (u / LOWEST) ** 3
    second = np.where(u < LOWEST, lowest, t["EXT_SOURCE_2"].quantile(u))
    steps = (np.floor(uniform(g["EXT_SOURCE_3"]) * EXT_SOURCE_3_VALUES) + 0.5) / EXT_SOURCE_3_VALUES
    return {
        "EXT_SOURCE_1": missing_where(first, chance(rng, n, t["EXT_SOURCE_1"].missing)),
        "EXT_SOURCE_2": missing_where(second, chance(rng, n, t["EXT_SOURCE_2"].missing)),
        "EXT_SOURCE_3": missing_where(
            t["EXT_SOURCE_3"].quantile(steps), top_share(unknown_to_bureau, t["EXT_SOURCE_3"].missing)
        ),
    }


def social_circle(t: TableProfile, rng: np.random.Generator, n: int) -> Table:
    """Acquaintances observed, and those of them who defaulted: 60 days late implies 30."""
    observed_30 = t["OBS_30_CNT_SOCIAL_CIRCLE"].count(rng.random(n))
    # 0.9885 = ratio of the two means: a few acquaintances are 30 but not yet 60 days under watch.
    observed_60 = rng.binomial(observed_30, t["OBS_60_CNT_SOCIAL_CIRCLE"].mean / t["OBS_30_CNT_SOCIAL_CIRCLE"].mean)
    defaulted_30 = rng.binomial(observed_30, t["DEF_30_CNT_SOCIAL_CIRCLE"].mean / t["OBS_30_CNT_SOCIAL_CIRCLE"].mean)
    defaulted_60 = rng.binomial(
        np.minimum(defaulted_30, observed_60),
        t["DEF_60_CNT_SOCIAL_CIRCLE"].mean / t["DEF_30_CNT_SOCIAL_CIRCLE"].mean,
    )
    unknown = chance(rng, n, t["OBS_30_CNT_SOCIAL_CIRCLE"].missing)
    return {
        "OBS_30_CNT_SOCIAL_CIRCLE": missing_where(observed_30, unknown),
        "DEF_30_CNT_SOCIAL_CIRCLE": missing_where(defaulted_30, unknown),
        "OBS_60_CNT_SOCIAL_CIRCLE": missing_where(observed_60, unknown),
        "DEF_60_CNT_SOCIAL_CIRCLE": missing_where(defaulted_60, unknown),
    }
