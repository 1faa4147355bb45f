"""Columns, measures and filters of the monthly balances of earlier credit cards.

Here: what one row of credit_card_balance says, and what may be asked of it. Add a term or a
filter when a summary needs it. Keep out: the summaries (`credit_card_balance`).
"""

from credit_risk.features.conditions import above, last_months, one_of
from credit_risk.features.grammar import Source
from credit_risk.features.terms import category, column, difference, named, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, MONTHS

MONTH = column("MONTHS_BALANCE", MONTHS, "month of the balance")
SOURCE = Source("credit_card_balance", "CARD", "months of earlier cards", dates=(MONTH,))

STATUS = category("NAME_CONTRACT_STATUS", "state of the card")
BALANCE = column("AMT_BALANCE", CURRENCY, "balance")
LIMIT = column("AMT_CREDIT_LIMIT_ACTUAL", CURRENCY, "limit")
DRAWN = column("AMT_DRAWINGS_CURRENT", CURRENCY, "drawings")
DRAWN_CASH = column("AMT_DRAWINGS_ATM_CURRENT", CURRENCY, "cash drawings")
DRAWN_GOODS = column("AMT_DRAWINGS_POS_CURRENT", CURRENCY, "drawings for goods")
DRAWINGS = column("CNT_DRAWINGS_CURRENT", COUNT, "number of drawings")
CASH_DRAWINGS = column("CNT_DRAWINGS_ATM_CURRENT", COUNT, "number of cash drawings")
MINIMUM = column("AMT_INST_MIN_REGULARITY", CURRENCY, "smallest payment asked for")
PAID = column("AMT_PAYMENT_TOTAL_CURRENT", CURRENCY, "payments")
PRINCIPAL = column("AMT_RECEIVABLE_PRINCIPAL", CURRENCY, "principal owed")
OWED = column("AMT_TOTAL_RECEIVABLE", CURRENCY, "total owed")
MATURE = column("CNT_INSTALMENT_MATURE_CUM", COUNT, "instalments paid so far")
PAST_DUE = column("SK_DPD", DAYS, "days past due")
PAST_DUE_MATERIAL = column("SK_DPD_DEF", DAYS, "days past due, small debts ignored")

UTILIZATION = named("UTILIZATION", ratio(BALANCE, LIMIT), "utilization")
DRAWN_OF_LIMIT = named("DRAWN_OF_LIMIT", ratio(DRAWN, LIMIT), "drawings against the limit")
PAID_TO_MINIMUM = named("PAID_TO_MINIMUM", ratio(PAID, MINIMUM), "payment against the minimum")
PAID_TO_OWED = named("PAID_TO_OWED", ratio(PAID, OWED), "payment against the total owed")
SHORTFALL = named("SHORTFALL", difference(MINIMUM, PAID), "payment missing to the minimum")
INTEREST = named("INTEREST_OWED", difference(OWED, PRINCIPAL), "interest and fees owed")

LATE = above("LATE", PAST_DUE, 0, "are past due")
# Half a thousandth is nothing owed.
SHORT = above("SHORT", SHORTFALL, 0.0005, "were paid less than the minimum")
IN_USE = above("IN_USE", BALANCE, 0, "carry a balance")
OVER_LIMIT = above("OVER_LIMIT", UTILIZATION, 1, "are over the limit")
DRAWS = above("DRAWN", DRAWN, 0, "saw a drawing")
DRAWS_CASH = above("CASH", DRAWN_CASH, 0, "draw cash")
COMPLETED = one_of("COMPLETED", STATUS, ("Completed",), "follow the end of the card")

LAST_QUARTER = last_months(MONTH, 3)
LAST_YEAR = last_months(MONTH, 12)
