"""bureau: the applicant's credits with other lenders, as the credit bureau reported them."""

from credit_risk.tables.columns import key, number, table_schema, text, whole
from credit_risk.tables.raw_table import CLIENT, RawTable

BUREAU = RawTable(
    name="bureau",
    description="Credits of the applicant with other lenders, reported to the credit bureau.",
    grain="one credit reported to the bureau",
    key="SK_ID_BUREAU",
    parents=(CLIENT,),
    schema=table_schema(
        "bureau",
        {
            "SK_ID_CURR": key("application to which the credit belongs"),
            "SK_ID_BUREAU": key("the credit at the bureau"),
            "CREDIT_ACTIVE": text("state of the credit: Active, Closed, Sold, Bad debt"),
            "CREDIT_CURRENCY": text("recoded currency"),
            "DAYS_CREDIT": whole("day on which the credit was applied for; days are relative to the application"),
            "CREDIT_DAY_OVERDUE": whole("days past due at the time of the application", low=0),
            "DAYS_CREDIT_ENDDATE": number("day on which the credit should end; from -42,000 to +31,000 occur"),
            "DAYS_ENDDATE_FACT": number("day on which the credit ended, closed credits only"),
            "AMT_CREDIT_MAX_OVERDUE": number("largest amount that was ever overdue"),
            "CNT_CREDIT_PROLONG": whole("how often the credit was prolonged", low=0),
            "AMT_CREDIT_SUM": number("amount of the credit"),
            "AMT_CREDIT_SUM_DEBT": number("debt that is left; may be negative"),
            "AMT_CREDIT_SUM_LIMIT": number("limit of the credit card; may be negative"),
            "AMT_CREDIT_SUM_OVERDUE": number("amount that is overdue"),
            "CREDIT_TYPE": text("Consumer credit, Credit card, Mortgage, Car loan, ..."),
            "DAYS_CREDIT_UPDATE": whole("day of the bureau's last news about the credit"),
            "AMT_ANNUITY": number("yearly payment"),
        },
        unique="SK_ID_BUREAU",
    ),
)
