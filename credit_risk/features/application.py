"""Features of the application form: what the client said, and the external scores.

Here: columns of application_train and application_test as they are, and what is computed within
one row. `features` works on one row as on all. Add a column or a term to SPECIFICATIONS. Keep
out: histories, and TARGET, which no feature may read. Also kept out: the number of adults of a
household, which is the protected family status in other words.
"""

import ibis.expr.types as ir

from credit_risk.features.across import across
from credit_risk.features.application_groups import (
    BUILDING,
    BUILDING_MODE,
    CITY_MISMATCHES,
    CONTACTS,
    DEFAULTED_30,
    DEFAULTED_60,
    DOCUMENTS,
    ENQUIRIES,
    EXTERNAL_SCORES,
    FREQUENT_ENQUIRIES,
    MISMATCHES,
    OBSERVED_30,
    RECENT_ENQUIRIES,
    REGION_MISMATCHES,
    TELLING_BUILDING,
    TELLING_CONTACTS,
    TELLING_DOCUMENTS,
    WEIGHTED_SCORES,
)
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.rendering import clean, derive, input_columns
from credit_risk.features.terms import Term, category, column, difference, named, product, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, GRADE, HOURS, RATIO, YEARS

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
REGION_POPULATION = column("REGION_POPULATION_RELATIVE", RATIO, "population of the region, normalized")
REGION_RATING = column("REGION_RATING_CLIENT", GRADE, "rating of the region")
CITY_RATING = column("REGION_RATING_CLIENT_W_CITY", GRADE, "rating of the region, with the city")
HOUR = column("HOUR_APPR_PROCESS_START", HOURS, "hour of the application")

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
    REGION_POPULATION,
    REGION_RATING,
    CITY_RATING,
    HOUR,
    *EXTERNAL_SCORES,
    *TELLING_CONTACTS,
    *CITY_MISMATCHES,
    *TELLING_BUILDING,
    OBSERVED_30,
    DEFAULTED_30,
    DEFAULTED_60,
    *TELLING_DOCUMENTS,
    *FREQUENT_ENQUIRIES,
)

PLAIN_CATEGORIES: tuple[Term, ...] = (
    category("NAME_CONTRACT_TYPE", "contract type"),
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

# In instalments: the term less what interest adds to it.
CREDIT_TERM = named("CREDIT_TERM", ratio(CREDIT, ANNUITY), "credit in annuities")
GOODS_TERM = named("GOODS_TERM", ratio(GOODS_PRICE, ANNUITY), "goods in annuities")
ANNUITY_BURDEN = named("ANNUITY_BURDEN", ratio(ANNUITY, INCOME), "annuity as a part of income")
CREDIT_BURDEN = named("CREDIT_BURDEN", ratio(CREDIT, INCOME), "credit in incomes")
CREDIT_SHARE = named("CREDIT_SHARE", ratio(CREDIT, GOODS_PRICE), "credit as a part of the goods' price")
# Insurance and fees; a down payment where negative.
CREDIT_SURPLUS = named("CREDIT_SURPLUS", difference(CREDIT, GOODS_PRICE), "what is borrowed beyond the goods' price")

MONEY: tuple[Term, ...] = (
    CREDIT_TERM,
    GOODS_TERM,
    ANNUITY_BURDEN,
    CREDIT_BURDEN,
    CREDIT_SHARE,
    CREDIT_SURPLUS,
    ratio(GOODS_PRICE, INCOME),
    ratio(CREDIT_SURPLUS, INCOME),
    ratio(CREDIT_SURPLUS, ANNUITY),
    difference(INCOME, CREDIT),
    *(ratio(amount, BIRTH) for amount in (INCOME, CREDIT, ANNUITY)),
    *(ratio(amount, EMPLOYED) for amount in (INCOME, CREDIT, ANNUITY)),
    ratio(BIRTH, CREDIT_TERM),
)

HOUSEHOLD: tuple[Term, ...] = (
    *(ratio(amount, FAMILY_MEMBERS) for amount in (INCOME, CREDIT, ANNUITY)),
    *(ratio(amount, CHILDREN) for amount in (INCOME, ANNUITY)),
    ratio(BIRTH, FAMILY_MEMBERS),
    product(ANNUITY_BURDEN, FAMILY_MEMBERS),
)

AGES: tuple[Term, ...] = (
    *(difference(day, BIRTH) for day in (EMPLOYED, ID_PUBLISH, PHONE_CHANGE, REGISTRATION)),
    *(difference(day, EMPLOYED) for day in (REGISTRATION, ID_PUBLISH, PHONE_CHANGE)),
    difference(ID_PUBLISH, REGISTRATION),
    difference(PHONE_CHANGE, REGISTRATION),
    difference(PHONE_CHANGE, ID_PUBLISH),
    *(ratio(day, BIRTH) for day in (EMPLOYED, REGISTRATION, ID_PUBLISH, PHONE_CHANGE, CAR_AGE)),
    *(ratio(day, EMPLOYED) for day in (REGISTRATION, ID_PUBLISH, PHONE_CHANGE, CAR_AGE)),
    ratio(PHONE_CHANGE, ID_PUBLISH),
    ratio(PHONE_CHANGE, REGISTRATION),
    ratio(ID_PUBLISH, REGISTRATION),
)

FIRST, SECOND, THIRD = EXTERNAL_SCORES
SCORES = "external scores"
MEAN_SCORE = across("EXT_SOURCE", "MEAN", EXTERNAL_SCORES, SCORES)
LOWEST_SCORE = across("EXT_SOURCE", "MIN", EXTERNAL_SCORES, SCORES)
HIGHEST_SCORE = across("EXT_SOURCE", "MAX", EXTERNAL_SCORES, SCORES)
ALL_SCORES = (MEAN_SCORE, *EXTERNAL_SCORES)

SCORE_STATISTICS: tuple[Term, ...] = (
    MEAN_SCORE,
    LOWEST_SCORE,
    HIGHEST_SCORE,
    *(across("EXT_SOURCE", statistic, EXTERNAL_SCORES, SCORES) for statistic in ("SUM", "STD", "PRODUCT", "PRESENT")),
    across(
        "EXT_SOURCE_WEIGHTED", "MEAN", WEIGHTED_SCORES, f"{SCORES}: the first twice, the second 3 and the third 4 times"
    ),
    # The sum less both ends; missing unless all three are there.
    named(
        "EXT_SOURCE_MEDIAN",
        difference(difference(FIRST, difference(LOWEST_SCORE, SECOND)), difference(HIGHEST_SCORE, THIRD)),
        "the middle one of the three external scores",
    ),
    # The product of two where one is missing.
    product(LOWEST_SCORE, HIGHEST_SCORE),
    *(
        compute(*pair)
        for compute in (product, difference, ratio)
        for pair in ((FIRST, SECOND), (FIRST, THIRD), (SECOND, THIRD))
    ),
)

# Both the product and the ratio: risk falls with age and with the score, and a score that is low
# for the age tells more than one that is low.
SCORES_AGAINST: tuple[Term, ...] = (
    *(product(BIRTH, score) for score in ALL_SCORES),
    *(ratio(BIRTH, score) for score in ALL_SCORES),
    *(product(EMPLOYED, score) for score in ALL_SCORES),
    *(ratio(EMPLOYED, score) for score in (MEAN_SCORE, FIRST)),
    # A longer term at the same annuity is a lower rate: score times term is score against price.
    *(product(CREDIT_TERM, score) for score in (MEAN_SCORE, SECOND, THIRD)),
    product(GOODS_TERM, MEAN_SCORE),
    *(ratio(CREDIT, score) for score in (MEAN_SCORE, SECOND, THIRD)),
    *(ratio(ANNUITY, score) for score in ALL_SCORES),
    ratio(INCOME, FIRST),
    *(ratio(burden, MEAN_SCORE) for burden in (CREDIT_BURDEN, ANNUITY_BURDEN, CREDIT_SHARE)),
    *(ratio(CAR_AGE, score) for score in (MEAN_SCORE, SECOND, THIRD)),
    *(ratio(REGION_POPULATION, score) for score in (SECOND, THIRD)),
    *(product(day, MEAN_SCORE) for day in (PHONE_CHANGE, ID_PUBLISH, REGISTRATION)),
    ratio(CITY_RATING, MEAN_SCORE),
    ratio(FAMILY_MEMBERS, MEAN_SCORE),
    ratio(HOUR, SECOND),
)

# Within a year, but the quarter.
YEAR_ENQUIRIES = FREQUENT_ENQUIRIES[-1]
ALL_ENQUIRIES = across("ENQUIRIES", "SUM", ENQUIRIES, "bureau enquiries by age")
LATEST_ENQUIRIES = across("RECENT_ENQUIRIES", "SUM", RECENT_ENQUIRIES, "bureau enquiries of the last month by age")
BUILDING_MEAN = across("BUILDING", "MEAN", BUILDING, "building measures, averages")
BUILDING_MODE_MEAN = across("BUILDING_MODE", "MEAN", BUILDING_MODE, "building measures, modes")

GROUPS: tuple[Term, ...] = (
    across("DOCUMENTS", "SUM", DOCUMENTS, "documents asked for"),
    across("CONTACTS", "SUM", CONTACTS, "ways of contact"),
    across("MISMATCHES", "SUM", MISMATCHES, "address mismatches"),
    across("REGION_MISMATCHES", "SUM", REGION_MISMATCHES, "address mismatches by region"),
    ALL_ENQUIRIES,
    LATEST_ENQUIRIES,
    ratio(LATEST_ENQUIRIES, ALL_ENQUIRIES),
    BUILDING_MEAN,
    *(
        across("BUILDING", statistic, BUILDING, "building measures, averages")
        for statistic in ("STD", "MAX", "PRESENT")
    ),
    difference(BUILDING_MODE_MEAN, BUILDING_MEAN),
    ratio(DEFAULTED_30, OBSERVED_30),
)

SPECIFICATIONS: tuple[Term, ...] = (
    *PLAIN_NUMBERS,
    *PLAIN_CATEGORIES,
    *MONEY,
    *HOUSEHOLD,
    *AGES,
    *SCORE_STATISTICS,
    *SCORES_AGAINST,
    *GROUPS,
)

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
