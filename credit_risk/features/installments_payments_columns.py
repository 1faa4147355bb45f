"""Columns, measures and filters of the payments on earlier credits.

Here: what one row of installments_payments says, and what may be asked of it. Add a term or a
filter when a summary needs it. Keep out: the summaries (`installments_payments`).
"""

from credit_risk.features.conditions import above, at_least, at_most, last_days
from credit_risk.features.grammar import Source
from credit_risk.features.terms import column, difference, named, positive, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, Unit

# Means and weighted days are no whole ones; a thousandth of a day is a minute and a half.
PARTS_OF_DAYS = Unit("days", steps=1000)

DUE_DAY = column("DAYS_INSTALMENT", DAYS, "day the instalment was due")
PAYMENT_DAY = column("DAYS_ENTRY_PAYMENT", DAYS, "day of the payment")
SOURCE = Source("installments_payments", "INSTALMENTS", "payments of instalments", dates=(DUE_DAY, PAYMENT_DAY))

LOAN = column("SK_ID_PREV", COUNT, "credit")
VERSION = column("NUM_INSTALMENT_VERSION", COUNT, "version of the payment plan")
NUMBER = column("NUM_INSTALMENT_NUMBER", COUNT, "number of the instalment")
DUE = column("AMT_INSTALMENT", CURRENCY, "instalment")
PAID = column("AMT_PAYMENT", CURRENCY, "payment")

DELAY = named("DELAY", difference(PAYMENT_DAY, DUE_DAY), "days from due to paid")
DAYS_LATE = named("DAYS_LATE", positive(DELAY), "days of delay")
DAYS_EARLY = named("DAYS_EARLY", positive(difference(DUE_DAY, PAYMENT_DAY)), "days paid ahead")
UNDERPAID = named("UNDERPAID", difference(DUE, PAID), "amount short of the instalment")
PAID_SHARE = named("PAID_SHARE", ratio(PAID, DUE), "payment to instalment")

LATE = above("LATE", DAYS_LATE, 0, "were late")
ON_TIME = at_most("ON_TIME", DAYS_LATE, 0, "were made in time")
# A payment by bank takes days: a week is no matter of the calendar any more.
WEEK_LATE = at_least("LATE7D", DAYS_LATE, 7, "were a week late or more")
MONTH_LATE = above("LATE30D", DAYS_LATE, 30, "were over 30 days late")
# The files give amounts to a thousandth; half of one is nothing owed.
SHORT = above("SHORT", UNDERPAID, 0.0005, "were short of the instalment")
# Version 0 is a card, 1 the plan as signed; what is above was agreed anew.
OF_LOANS = at_least("OF_LOANS", VERSION, 1, "were made on a loan, not a card")
REVISED = at_least("REVISED", VERSION, 2, "follow a revised plan")

LAST_QUARTER = last_days(DUE_DAY, 90)
LAST_YEAR = last_days(DUE_DAY, 365)
LAST_TWO_YEARS = last_days(DUE_DAY, 730)
