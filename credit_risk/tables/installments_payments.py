"""installments_payments: what was due and what was paid on the applicant's earlier credits here."""

from credit_risk.tables.columns import key, number, table_schema, whole
from credit_risk.tables.raw_table import CLIENT, PREVIOUS_CREDIT, RawTable

INSTALLMENTS_PAYMENTS = RawTable(
    name="installments_payments",
    description="Instalments due and payments made on earlier credits with this lender.",
    grain="one payment of an instalment, or one missed instalment",
    parents=(PREVIOUS_CREDIT, CLIENT),
    schema=table_schema(
        "installments_payments",
        {
            "SK_ID_PREV": key("the earlier credit"),
            "SK_ID_CURR": key("application to which the credit belongs"),
            "NUM_INSTALMENT_VERSION": number("version of the payment plan, 0 for a credit card; a new one changed it"),
            "NUM_INSTALMENT_NUMBER": whole("which instalment the payment is for"),
            "DAYS_INSTALMENT": number("day on which the instalment was due"),
            "DAYS_ENTRY_PAYMENT": number("day on which it was paid; missing when it was not"),
            "AMT_INSTALMENT": number("amount that was due"),
            "AMT_PAYMENT": number("amount that was paid; missing when it was not"),
        },
    ),
)
