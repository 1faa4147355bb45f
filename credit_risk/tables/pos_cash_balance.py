"""POS_CASH_balance: month by month, the applicant's earlier point-of-sale and cash loans here."""

from credit_risk.tables.columns import key, number, table_schema, text, whole
from credit_risk.tables.raw_table import CLIENT, PREVIOUS_CREDIT, RawTable

POS_CASH_BALANCE = RawTable(
    name="POS_CASH_balance",
    description="Monthly balance of earlier point-of-sale and cash loans with this lender.",
    grain="one month of one earlier loan",
    parents=(PREVIOUS_CREDIT, CLIENT),
    schema=table_schema(
        "POS_CASH_balance",
        {
            "SK_ID_PREV": key("the earlier loan"),
            "SK_ID_CURR": key("application to which the loan belongs"),
            "MONTHS_BALANCE": whole("month, relative to the application: -1 is the last", high=0, required=True),
            "CNT_INSTALMENT": number("term of the loan in instalments; may change over time"),
            "CNT_INSTALMENT_FUTURE": number("instalments left to pay"),
            "NAME_CONTRACT_STATUS": text("Active, Completed, Signed, Demand, Returned to the store, ..."),
            "SK_DPD": whole("days past due in the month", low=0),
            "SK_DPD_DEF": whole("days past due, small debts tolerated", low=0),
        },
    ),
)
