"""Features of the application form: what the client said, and the external scores.

Here: columns of application_train and application_test as they are, and what is computed within
one row. `features` works on one row as on all. Add a column or a term to SPECIFICATIONS. Keep
out: histories, and TARGET, which no feature may read.
"""

import ibis.expr.types as ir

from credit_risk.features.across import across
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.rendering import clean, derive, input_columns
from credit_risk.features.terms import Term, category, column, difference, product, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, FLAG, GRADE, HOURS, RATIO, SCORE, YEARS

CONTRACT_TYPE = category("NAME_CONTRACT_TYPE", "contract type")
INCOME = column("AMT_INCOME_TOTAL", CURRENCY, "yearly income")
CREDIT = column("AMT_CREDIT", CURRENCY, "credit asked for")
ANNUITY = column("AMT_ANNUITY", CURRENCY, "annuity")
GOODS_PRICE = column("AMT_GOODS_PRICE", CURRENCY, "price of the goods")
CHILDREN = column("CNT_CHILDREN", COUNT, "children")
FAMILY_MEMBERS = column("CNT_FAM_MEMBERS", COUNT, "family members")
BIRTH = column("DAYS_BIRTH", DAYS, "birth, before the application")
# 365243 stands for pensioners and the unemployed: a thousand years of employment.
EMPLOYED = column("DAYS_EMPLOYED", DAYS, "start of employment", sentinel=365243)
REGISTRATION = column("DAYS_REGISTRATION", DAYS, "last change of registration")
ID_PUBLISH = column("DAYS_ID_PUBLISH", DAYS, "last change of identity document")
PHONE_CHANGE = column("DAYS_LAST_PHONE_CHANGE", DAYS, "last change of phone")
CAR_AGE = column("OWN_CAR_AGE", YEARS, "age of the car")

EXTERNAL_SCORES = tuple(column(f"EXT_SOURCE_{i}", SCORE, f"external score {i}") for i in (1, 2, 3))

DOCUMENTS = tuple(column(f"FLAG_DOCUMENT_{i}", FLAG, f"document {i} provided") for i in range(2, 22))
# The other documents are provided by fewer than 1 in 50 applicants: their sum carries them.
FREQUENT_DOCUMENTS = tuple(DOCUMENTS[i - 2] for i in (3, 6, 8))

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

MISMATCHES = (
    column("REG_REGION_NOT_LIVE_REGION", FLAG, "registered and living in different regions"),
    column("REG_REGION_NOT_WORK_REGION", FLAG, "registered and working in different regions"),
    column("LIVE_REGION_NOT_WORK_REGION", FLAG, "living and working in different regions"),
    column("REG_CITY_NOT_LIVE_CITY", FLAG, "registered and living in different cities"),
    column("REG_CITY_NOT_WORK_CITY", FLAG, "registered and working in different cities"),
    column("LIVE_CITY_NOT_WORK_CITY", FLAG, "living and working in different cities"),
)

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

BUILDING = tuple(
    column(f"{code}_AVG", RATIO, f"{what}, normalized")
    for code, what in (
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
)
# Beside the mean of all, those that keep some relation to the target on their own.
TELLING_BUILDING = tuple(
    item
    for item in BUILDING
    if item.name.removesuffix("_AVG") in {"YEARS_BEGINEXPLUATATION", "FLOORSMAX", "LIVINGAREA"}
)

OBSERVED_30 = column("OBS_30_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances observed for 30 days past due")
DEFAULTED_30 = column("DEF_30_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances 30 days past due")
DEFAULTED_60 = column("DEF_60_CNT_SOCIAL_CIRCLE", COUNT, "acquaintances 60 days past due")

PLAIN_NUMBERS: tuple[Term, ...] = (
    INCOME,
    CREDIT,
    ANNUITY,
    GOODS_PRICE,
    CHILDREN,
    FAMILY_MEMBERS,
    BIRTH,
    EMPLOYED,
    REGISTRATION,
    ID_PUBLISH,
    PHONE_CHANGE,
    CAR_AGE,
    column("REGION_POPULATION_RELATIVE", RATIO, "population of the region, normalized"),
    column("REGION_RATING_CLIENT_W_CITY", GRADE, "rating of the region, with the city"),
    column("HOUR_APPR_PROCESS_START", HOURS, "hour of the application"),
    *EXTERNAL_SCORES,
    *TELLING_CONTACTS,
    MISMATCHES[3],
    MISMATCHES[4],
    *TELLING_BUILDING,
    column("TOTALAREA_MODE", RATIO, "total area, normalized"),
    OBSERVED_30,
    DEFAULTED_30,
    DEFAULTED_60,
    *FREQUENT_DOCUMENTS,
    *FREQUENT_ENQUIRIES,
)

PLAIN_CATEGORIES = (
    CONTRACT_TYPE,
    category("CODE_GENDER", "gender; protected"),
    category("NAME_FAMILY_STATUS", "family status; protected"),
    category("FLAG_OWN_CAR", "owns a car"),
    category("FLAG_OWN_REALTY", "owns real estate"),
    category("NAME_TYPE_SUITE", "who came along"),
    category("NAME_INCOME_TYPE", "kind of income"),
    category("NAME_EDUCATION_TYPE", "education"),
    category("NAME_HOUSING_TYPE", "housing"),
    category("OCCUPATION_TYPE", "occupation"),
    category("ORGANIZATION_TYPE", "employer's line of business"),
    category("WEEKDAY_APPR_PROCESS_START", "weekday of the application"),
    category("FONDKAPREMONT_MODE", "fund for the building's repair"),
    category("HOUSETYPE_MODE", "type of building"),
    category("WALLSMATERIAL_MODE", "material of the walls"),
)

SCORES = "external scores"

COMPUTED: tuple[Term, ...] = (
    across("EXT_SOURCE", "MEAN", EXTERNAL_SCORES, SCORES),
    across("EXT_SOURCE", "MIN", EXTERNAL_SCORES, SCORES),
    across("EXT_SOURCE", "MAX", EXTERNAL_SCORES, SCORES),
    across("EXT_SOURCE", "STD", EXTERNAL_SCORES, SCORES),
    across("EXT_SOURCE", "PRODUCT", EXTERNAL_SCORES, SCORES),
    across("EXT_SOURCE", "PRESENT", EXTERNAL_SCORES, SCORES),
    product(EXTERNAL_SCORES[1], EXTERNAL_SCORES[2]),
    ratio(CREDIT, ANNUITY),
    ratio(CREDIT, GOODS_PRICE),
    ratio(CREDIT, INCOME),
    ratio(ANNUITY, INCOME),
    ratio(GOODS_PRICE, INCOME),
    difference(CREDIT, GOODS_PRICE),
    ratio(INCOME, FAMILY_MEMBERS),
    ratio(INCOME, BIRTH),
    ratio(EMPLOYED, BIRTH),
    ratio(REGISTRATION, BIRTH),
    ratio(ID_PUBLISH, BIRTH),
    ratio(PHONE_CHANGE, BIRTH),
    ratio(CAR_AGE, BIRTH),
    across("DOCUMENTS", "SUM", DOCUMENTS, "documents asked for"),
    across("CONTACTS", "SUM", CONTACTS, "ways of contact"),
    across("MISMATCHES", "SUM", MISMATCHES, "address mismatches"),
    across("ENQUIRIES", "SUM", ENQUIRIES, "bureau enquiries by age"),
    across("BUILDING", "MEAN", BUILDING, "building measures"),
    across("BUILDING", "PRESENT", BUILDING, "building measures"),
)

SPECIFICATIONS: tuple[Term, ...] = (*PLAIN_NUMBERS, *PLAIN_CATEGORIES, *COMPUTED)

_COLUMNS = input_columns(SPECIFICATIONS)
INPUTS = {"application_train": _COLUMNS, "application_test": _COLUMNS}


def features(application_train: ir.Table, application_test: ir.Table) -> ir.Table:
    """One row an application, labelled or not.

    Args:
        application_train: labelled applications; TARGET is not read.
        application_test: unlabelled ones, keys disjoint from the labelled.
    """
    labelled = application_train.select(list(_COLUMNS))
    unlabelled = application_test.select(list(_COLUMNS)).cast(labelled.schema())
    return features_of(labelled.union(unlabelled))


def features_of(applications: ir.Table) -> ir.Table:
    """The same for any table with the columns read: one application form is a table of one row."""
    return derive(clean(applications, SPECIFICATIONS), SPECIFICATIONS)


TABLE = FeatureTable("application", SPECIFICATIONS, INPUTS, features)
