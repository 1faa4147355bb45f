"""Columns of the application form that come in groups: external scores, documents, buildings, ...

Here: each group as a tuple, and the few of its members that tell something on their own. Add a
column to its group. Keep out: single columns, and what is computed of them (`application`).
"""

from credit_risk.features.terms import Raw, Term, column
from credit_risk.features.units import COUNT, FLAG, RATIO, SCORE

EXTERNAL_SCORES = tuple(column(f"EXT_SOURCE_{i}", SCORE, f"external score {i}") for i in (1, 2, 3))
# A mean over repeated columns is a weighted mean of those present. 2 to 3 to 4 is how much the
# three tell about default in the published solutions: the third most, the first least often there.
WEIGHTED_SCORES = tuple(score for score, weight in zip(EXTERNAL_SCORES, (2, 3, 4), strict=True) for _ in range(weight))

DOCUMENTS = tuple(column(f"FLAG_DOCUMENT_{i}", FLAG, f"document {i} provided") for i in range(2, 22))
# The others tell nothing, or are provided by fewer than 1 in 500: their sum carries them.
TELLING_DOCUMENTS = tuple(DOCUMENTS[i - 2] for i in (3, 6, 8, 11, 13, 14, 16, 18))

CONTACTS = (
    column("FLAG_MOBIL", FLAG, "mobile phone given"),
    column("FLAG_EMP_PHONE", FLAG, "employer's phone given"),
    column("FLAG_WORK_PHONE", FLAG, "work phone given"),
    column("FLAG_CONT_MOBILE", FLAG, "mobile phone reachable"),
    column("FLAG_PHONE", FLAG, "home phone given"),
    column("FLAG_EMAIL", FLAG, "e-mail given"),
)
# All but the mobile phone, which everybody gives, and the employer's, which says "employed" again.
TELLING_CONTACTS = tuple(item for item in CONTACTS if item.name in {"FLAG_WORK_PHONE", "FLAG_PHONE"})

REGION_MISMATCHES = (
    column("REG_REGION_NOT_LIVE_REGION", FLAG, "registered and living in different regions"),
    column("REG_REGION_NOT_WORK_REGION", FLAG, "registered and working in different regions"),
    column("LIVE_REGION_NOT_WORK_REGION", FLAG, "living and working in different regions"),
)
CITY_MISMATCHES = (
    column("REG_CITY_NOT_LIVE_CITY", FLAG, "registered and living in different cities"),
    column("REG_CITY_NOT_WORK_CITY", FLAG, "registered and working in different cities"),
    column("LIVE_CITY_NOT_WORK_CITY", FLAG, "living and working in different cities"),
)
MISMATCHES = (*REGION_MISMATCHES, *CITY_MISMATCHES)

ENQUIRIES = tuple(
    column(f"AMT_REQ_CREDIT_BUREAU_{code}", COUNT, f"bureau enquiries {when}")
    for code, when in (
        ("HOUR", "within an hour before"),
        ("DAY", "within a day, but the hour"),
        ("WEEK", "within a week, but the day"),
        ("MON", "within a month, but the week"),
        ("QRT", "within a quarter, but the month"),
        ("YEAR", "within a year, but the quarter"),
    )
)
# Of the nearer ones, fewer than 1 in 20 applicants have any: their sum carries them.
FREQUENT_ENQUIRIES = ENQUIRIES[3:]
RECENT_ENQUIRIES = ENQUIRIES[:4]

_MEASURES = (
    ("APARTMENTS", "apartments"),
    ("BASEMENTAREA", "basement area"),
    ("YEARS_BEGINEXPLUATATION", "start of the building's use"),
    ("YEARS_BUILD", "year of building"),
    ("COMMONAREA", "common area"),
    ("ELEVATORS", "elevators"),
    ("ENTRANCES", "entrances"),
    ("FLOORSMAX", "highest floor"),
    ("FLOORSMIN", "lowest floor"),
    ("LANDAREA", "land area"),
    ("LIVINGAPARTMENTS", "living apartments"),
    ("LIVINGAREA", "living area"),
    ("NONLIVINGAPARTMENTS", "other apartments"),
    ("NONLIVINGAREA", "other area"),
)


def _building(statistic: str, word: str) -> tuple[Raw, ...]:
    return tuple(column(f"{code}_{statistic}", RATIO, f"{what}, {word}, normalized") for code, what in _MEASURES)


BUILDING = _building("AVG", "average")
BUILDING_MODE = _building("MODE", "mode")

# Without those missing for two in three applicants that repeat a column known for half of them.
TELLING_BUILDING: tuple[Term, ...] = (
    *(item for item in BUILDING if not item.name.startswith(("FLOORSMIN", "LIVINGAPARTMENTS", "NONLIVINGAPARTMENTS"))),
    *(item for item in BUILDING_MODE if item.name.startswith(("APARTMENTS", "YEARS_BEGIN", "LIVINGAREA"))),
    column("TOTALAREA_MODE", RATIO, "total area, normalized"),
)

OBSERVED_30 = column("OBS_30_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances observed for 30 days past due")
DEFAULTED_30 = column("DEF_30_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances 30 days past due")
DEFAULTED_60 = column("DEF_60_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances 60 days past due")
