"""application_train and application_test: the application form, one row an applicant.

The two differ in TARGET alone: an application of application_test has no outcome yet.
"""

import pandera.ibis as pa

from credit_risk.tables.columns import code, flag, key, number, share, table_schema, text, weekday, whole
from credit_risk.tables.raw_table import RawTable

# The building in which the applicant lives, each measure normalised, in the order of the file. The file lists
# all as average, then all as mode, then all as median.
BUILDING_MEASURES = {
    "APARTMENTS": "size of the apartments",
    "BASEMENTAREA": "area of the basement",
    "YEARS_BEGINEXPLUATATION": "years since the building came into use",
    "YEARS_BUILD": "age of the building",
    "COMMONAREA": "common area",
    "ELEVATORS": "lifts",
    "ENTRANCES": "entrances",
    "FLOORSMAX": "largest number of floors",
    "FLOORSMIN": "smallest number of floors",
    "LANDAREA": "area of the land",
    "LIVINGAPARTMENTS": "apartments lived in",
    "LIVINGAREA": "area lived in",
    "NONLIVINGAPARTMENTS": "apartments not lived in",
    "NONLIVINGAREA": "area not lived in",
}
STATISTICS = {"AVG": "average", "MODE": "mode", "MEDI": "median"}

# Documents 2 to 21 have a flag each; there is no document 1.
DOCUMENTS = range(2, 22)

_PERSON = {
    "NAME_CONTRACT_TYPE": text("Cash loans or Revolving loans"),
    "CODE_GENDER": text("gender: F, M, XNA; protected, never scored"),
    "FLAG_OWN_CAR": code("whether the applicant owns a car", "Y", "N"),
    "FLAG_OWN_REALTY": code("whether the applicant owns a house or flat", "Y", "N"),
    "CNT_CHILDREN": whole("children", low=0),
    "AMT_INCOME_TOTAL": number("yearly income"),
    "AMT_CREDIT": number("credit applied for"),
    "AMT_ANNUITY": number("yearly payment"),
    "AMT_GOODS_PRICE": number("price of the goods for which the credit is"),
    "NAME_TYPE_SUITE": text("who came along"),
    "NAME_INCOME_TYPE": text("Working, Commercial associate, Pensioner, State servant, ..."),
    "NAME_EDUCATION_TYPE": text("highest education"),
    "NAME_FAMILY_STATUS": text("family status; protected, never scored"),
    "NAME_HOUSING_TYPE": text("how the applicant lives"),
    "REGION_POPULATION_RELATIVE": number("population of the region, normalised"),
    "DAYS_BIRTH": whole("day of birth; days are relative to the application, so the past is negative", high=-1),
    # 365243 marks those without employment (18 % of applications, always with ORGANIZATION_TYPE = XNA).
    "DAYS_EMPLOYED": whole("day on which the employment began; 365243 for none"),
    "DAYS_REGISTRATION": number("day on which the registration was last changed"),
    "DAYS_ID_PUBLISH": whole("day on which the identity document was last changed"),
    "OWN_CAR_AGE": number("age of the car in years"),
    "FLAG_MOBIL": flag("gave a mobile number"),
    "FLAG_EMP_PHONE": flag("gave a work number"),
    "FLAG_WORK_PHONE": flag("gave a home number"),
    "FLAG_CONT_MOBILE": flag("was reached on the mobile number"),
    "FLAG_PHONE": flag("gave a landline number"),
    "FLAG_EMAIL": flag("gave an e-mail address"),
    "OCCUPATION_TYPE": text("occupation"),
    "CNT_FAM_MEMBERS": number("members of the family"),
    # One row of application_test rates its region -1.
    "REGION_RATING_CLIENT": whole("rating of the region: 1, 2, 3"),
    "REGION_RATING_CLIENT_W_CITY": whole("rating of the region with its city: 1, 2, 3; -1 occurs"),
    "WEEKDAY_APPR_PROCESS_START": weekday("weekday of the application"),
    "HOUR_APPR_PROCESS_START": whole("hour of the application", low=0, high=23),
    "REG_REGION_NOT_LIVE_REGION": flag("registered address outside the region of the contact address"),
    "REG_REGION_NOT_WORK_REGION": flag("registered address outside the region of the work address"),
    "LIVE_REGION_NOT_WORK_REGION": flag("contact address outside the region of the work address"),
    "REG_CITY_NOT_LIVE_CITY": flag("registered address outside the city of the contact address"),
    "REG_CITY_NOT_WORK_CITY": flag("registered address outside the city of the work address"),
    "LIVE_CITY_NOT_WORK_CITY": flag("contact address outside the city of the work address"),
    "ORGANIZATION_TYPE": text("kind of employer; XNA for none"),
    # Very small scores come in exponent notation.
    "EXT_SOURCE_1": share("score of an external source; higher is safer"),
    "EXT_SOURCE_2": share("score of an external source; higher is safer"),
    "EXT_SOURCE_3": share("score of an external source; higher is safer"),
}

_BUILDING = {
    f"{measure}_{suffix}": share(f"building: {meaning}, {statistic}")
    for suffix, statistic in STATISTICS.items()
    for measure, meaning in BUILDING_MEASURES.items()
} | {
    "FONDKAPREMONT_MODE": text("building: fund for major repairs"),
    "HOUSETYPE_MODE": text("building: kind of house"),
    "TOTALAREA_MODE": share("building: total area, mode"),
    "WALLSMATERIAL_MODE": text("building: material of the walls"),
    "EMERGENCYSTATE_MODE": text("building: in a state of emergency, Yes or No"),
}

_SURROUNDINGS = {
    "OBS_30_CNT_SOCIAL_CIRCLE": number("people around the applicant observed at 30 days past due"),
    "DEF_30_CNT_SOCIAL_CIRCLE": number("of these, in default at 30 days past due"),
    "OBS_60_CNT_SOCIAL_CIRCLE": number("people around the applicant observed at 60 days past due"),
    "DEF_60_CNT_SOCIAL_CIRCLE": number("of these, in default at 60 days past due"),
    "DAYS_LAST_PHONE_CHANGE": number("day on which the phone was last changed"),
}

_DOCUMENTS = {f"FLAG_DOCUMENT_{document}": flag(f"gave document {document}") for document in DOCUMENTS}

_BUREAU_ENQUIRIES = {
    f"AMT_REQ_CREDIT_BUREAU_{suffix}": number(f"enquiries at the credit bureau: {period} before the application")
    for suffix, period in {
        "HOUR": "in the hour",
        "DAY": "in the day, without the hour",
        "WEEK": "in the week, without the day",
        "MON": "in the month, without the week",
        "QRT": "in the quarter, without the month",
        "YEAR": "in the year, without the quarter",
    }.items()
}

_FORM: dict[str, pa.Column] = _PERSON | _BUILDING | _SURROUNDINGS | _DOCUMENTS | _BUREAU_ENQUIRIES

APPLICATION_TRAIN = RawTable(
    name="application_train",
    description="Applications whose outcome is known: TARGET is 1 when the applicant had difficulties to pay.",
    grain="one application of one client, with its outcome",
    key="SK_ID_CURR",
    schema=table_schema(
        "application_train",
        {
            "SK_ID_CURR": key("the application, and its client"),
            "TARGET": flag("1: difficulties to pay, 0: none", required=True),
            **_FORM,
        },
        unique="SK_ID_CURR",
    ),
)

APPLICATION_TEST = RawTable(
    name="application_test",
    description="Applications whose outcome is not known.",
    grain="one application of one client",
    key="SK_ID_CURR",
    schema=table_schema(
        "application_test",
        {"SK_ID_CURR": key("the application, and its client"), **_FORM},
        unique="SK_ID_CURR",
    ),
)
