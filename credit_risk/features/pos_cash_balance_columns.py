"""Columns, measures and filters of the monthly balances of earlier point-of-sale and cash loans.

Here: what one row of POS_CASH_balance says, and what may be asked of it. Add a term or a filter
when a summary needs it. Keep out: the summaries (`pos_cash_balance`, `pos_cash_balance_loans`).
"""

from credit_risk.features.conditions import above, last_months, one_of
from credit_risk.features.grammar import Source
from credit_risk.features.terms import category, column, ratio
from credit_risk.features.units import COUNT, DAYS, MONTHS

MONTH = column("MONTHS_BALANCE", MONTHS, "month of the balance")
SOURCE = Source("POS_CASH_balance", "POS", "months of earlier loans", dates=(MONTH,))

LOAN = column("SK_ID_PREV", COUNT, "loan")
STATUS = category("NAME_CONTRACT_STATUS", "state of the loan")
TERM = column("CNT_INSTALMENT", COUNT, "instalments in all")
REMAINING = column("CNT_INSTALMENT_FUTURE", COUNT, "instalments left")
PAST_DUE = column("SK_DPD", DAYS, "days past due")
# The file's tolerance: debts of small amounts are not counted as past due.
PAST_DUE_MATERIAL = column("SK_DPD_DEF", DAYS, "days past due, small debts ignored")
REMAINING_SHARE = ratio(REMAINING, TERM)

LATE = above("LATE", PAST_DUE, 0, "are past due")
MATERIALLY_LATE = above("LATE_DEF", PAST_DUE_MATERIAL, 0, "are past due, small debts ignored")
COMPLETED = one_of("COMPLETED", STATUS, ("Completed",), "end a loan")
SIGNED = one_of("SIGNED", STATUS, ("Signed", "Approved"), "begin a loan")
RETURNED = one_of("RETURNED", STATUS, ("Returned to the store", "Canceled"), "undo a loan")
CALLED = one_of("CALLED", STATUS, ("Demand", "Amortized debt"), "follow the lender's call of the loan")

LAST_YEAR = last_months(MONTH, 12)
