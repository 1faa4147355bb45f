"""Application forms: one row an applicant, in the columns of application_train and _test.

Here: putting an applicant, the credit, the building and the small flags together. Add a column
where its noun lives. Keep out: histories, and the label (default_risk).
"""

import numpy as np

from simulation.applicants import dates, external_scores, person, region, social_circle, work
from simulation.buildings import building
from simulation.columns import NEVER, Floats, Mask, Table, floats, labels, missing_where
from simulation.credit_terms import credit, documents, process
from simulation.dependence import Scores, blend, chance, top_share
from simulation.profile import TableProfile

# Flags without a known link to anything else: drawn by their share alone.
FREE_FLAGS = ("FLAG_MOBIL", "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL")
ENQUIRIES = ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")


def application_forms(t: TableProfile, g: Scores, unknown_to_bureau: Floats, rng: np.random.Generator) -> Table:
    """One application a client, without keys and label.

    Args:
        t: application_train or application_test of the profile: their marginals differ.
        g: normal scores of the correlated columns.
        unknown_to_bureau: score; the highest are the clients of whom the bureau knows nothing.
        rng: source of everything else.
    """
    n = len(unknown_to_bureau)
    employment = work(t, g, rng)
    retired = floats(employment["DAYS_EMPLOYED"]) == NEVER
    form = (
        employment
        | person(t, g, rng, retired)
        | region(t, g, rng, retired)
        | dates(t, g, floats(employment["DAYS_BIRTH"]))
        | external_scores(t, g, rng, unknown_to_bureau)
        | credit(t, g, rng)
        | documents(t, rng, retired)
        | process(t, rng, n)
        | social_circle(t, rng, n)
        | building(t, rng, -g["REGION_RATING_CLIENT"])
        | _enquiries(t, rng, unknown_to_bureau)
    )
    form |= {name: chance(rng, n, t[name].mean).astype(np.int64) for name in FREE_FLAGS}
    return form


def _enquiries(t: TableProfile, rng: np.random.Generator, unknown_to_bureau: Floats) -> Table:
    """Enquiries about the client at the bureau: none are known where the bureau knows nothing."""
    n = len(unknown_to_bureau)
    table: Table = {}
    absent = top_share(blend(rng, n, (0.97, unknown_to_bureau)), t["AMT_REQ_CREDIT_BUREAU_YEAR"].missing)
    for period in ENQUIRIES:
        name = f"AMT_REQ_CREDIT_BUREAU_{period}"
        table[name] = missing_where(t[name].count(rng.random(n)), absent)
    return table


def with_rare_values(form: Table, unknown_gender: Mask, unknown_family: Mask) -> Table:
    """The few forms on which gender or family status was not known."""
    members = missing_where(floats(form["CNT_FAM_MEMBERS"]), unknown_family)
    gender, family = labels(form["CODE_GENDER"]), labels(form["NAME_FAMILY_STATUS"])
    return form | {
        "CODE_GENDER": gender.where(~unknown_gender, "XNA"),
        "NAME_FAMILY_STATUS": family.where(~unknown_family, "Unknown"),
        "CNT_FAM_MEMBERS": members,
    }
