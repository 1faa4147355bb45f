"""bureau_balance: month by month, how the credits at the bureau were paid."""

from credit_risk.tables.columns import code, key, table_schema, whole
from credit_risk.tables.raw_table import ForeignKey, RawTable

BUREAU_BALANCE = RawTable(
    name="bureau_balance",
    description="Monthly payment status of the credits at the bureau.",
    grain="one month of one credit at the bureau",
    parents=(ForeignKey("SK_ID_BUREAU", ("bureau",)),),
    schema=table_schema(
        "bureau_balance",
        {
            "SK_ID_BUREAU": key("the credit at the bureau"),
            "MONTHS_BALANCE": whole("month, relative to the application: -1 is the last", high=0, required=True),
            # C closed, X unknown, 0 nothing past due, 1 up to 30 days past due, ..., 5 more than 120 or sold.
            "STATUS": code(
                "payment status: 0 to 5 by days past due, C closed, X unknown",
                *("0", "1", "2", "3", "4", "5", "C", "X"),
                required=True,
            ),
        },
    ),
)
