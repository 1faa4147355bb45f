"""credit_card_balance: month by month, the applicant's earlier credit cards here."""

from credit_risk.tables.columns import key, number, table_schema, text, whole
from credit_risk.tables.raw_table import CLIENT, PREVIOUS_CREDIT, RawTable

CREDIT_CARD_BALANCE = RawTable(
    name="credit_card_balance",
    description="Monthly balance of earlier credit cards with this lender.",
    grain="one month of one credit card",
    parents=(PREVIOUS_CREDIT, CLIENT),
    schema=table_schema(
        "credit_card_balance",
        {
            "SK_ID_PREV": key("the credit card"),
            "SK_ID_CURR": key("application to which the card belongs"),
            "MONTHS_BALANCE": whole("month, relative to the application: -1 is the last", high=0, required=True),
            "AMT_BALANCE": number("balance in the month; may be negative"),
            "AMT_CREDIT_LIMIT_ACTUAL": whole("limit of the card in the month"),
            "AMT_DRAWINGS_ATM_CURRENT": number("drawn at cash machines; may be negative"),
            "AMT_DRAWINGS_CURRENT": number("drawn in all; may be negative"),
            "AMT_DRAWINGS_OTHER_CURRENT": number("drawn in other ways"),
            "AMT_DRAWINGS_POS_CURRENT": number("drawn for goods"),
            "AMT_INST_MIN_REGULARITY": number("smallest instalment of the month"),
            "AMT_PAYMENT_CURRENT": number("paid in the month"),
            "AMT_PAYMENT_TOTAL_CURRENT": number("paid in the month in all"),
            "AMT_RECEIVABLE_PRINCIPAL": number("principal that is owed; may be negative"),
            "AMT_RECIVABLE": number("amount that is owed, so spelled in the file; may be negative"),
            "AMT_TOTAL_RECEIVABLE": number("amount that is owed in all; may be negative"),
            "CNT_DRAWINGS_ATM_CURRENT": number("drawings at cash machines"),
            "CNT_DRAWINGS_CURRENT": whole("drawings in all"),
            "CNT_DRAWINGS_OTHER_CURRENT": number("other drawings"),
            "CNT_DRAWINGS_POS_CURRENT": number("drawings for goods"),
            "CNT_INSTALMENT_MATURE_CUM": number("instalments paid so far"),
            "NAME_CONTRACT_STATUS": text("Active, Completed, Signed, Demand, ..."),
            "SK_DPD": whole("days past due in the month", low=0),
            "SK_DPD_DEF": whole("days past due, small debts tolerated", low=0),
        },
    ),
)
