"""Columns, measures and filters of earlier applications at this lender.

Here: what one row of previous_application says, and what may be asked of it. Add a term or a
filter when a summary needs it. Keep out: the summaries (`previous_application`).
"""

from credit_risk.features.conditions import above, last_days, one_of
from credit_risk.features.grammar import Source
from credit_risk.features.terms import category, coded, column, difference, named, positive, product, ratio
from credit_risk.features.units import CURRENCY, DAYS, FLAG, GRADE, HOURS, MONTHS, RATIO, Unit

# Stands for "not yet" and "never" in the planned and actual days of this table.
NOT_YET = 365243
# Stands for "no place" in the size of the seller's place.
NO_PLACE = -1

AREA = Unit("size as filed")

DECISION = column("DAYS_DECISION", DAYS, "day of the decision")
SOURCE = Source("previous_application", "PREVIOUS", "earlier applications", dates=(DECISION,))

STATUS = category("NAME_CONTRACT_STATUS", "decision")
CONTRACT_TYPE = category("NAME_CONTRACT_TYPE", "contract type")
REJECT_REASON = category("CODE_REJECT_REASON", "reason of refusal")
YIELD_GROUP = category("NAME_YIELD_GROUP", "group of interest rates")
PRODUCT = category("PRODUCT_COMBINATION", "product")
PRODUCT_TYPE = category("NAME_PRODUCT_TYPE", "how the product was sold")
CLIENT_TYPE = category("NAME_CLIENT_TYPE", "kind of client")
CHANNEL = category("CHANNEL_TYPE", "sales channel")
INDUSTRY = category("NAME_SELLER_INDUSTRY", "seller's industry")
SUITE = category("NAME_TYPE_SUITE", "who came along")
PURPOSE = category("NAME_CASH_LOAN_PURPOSE", "purpose of a cash loan")

ASKED = column("AMT_APPLICATION", CURRENCY, "amount asked for")
GRANTED = column("AMT_CREDIT", CURRENCY, "amount granted")
ANNUITY = column("AMT_ANNUITY", CURRENCY, "annuity")
GOODS_PRICE = column("AMT_GOODS_PRICE", CURRENCY, "price of the goods")
DOWN_PAYMENT = column("AMT_DOWN_PAYMENT", CURRENCY, "down payment")
DOWN_PAYMENT_RATE = column("RATE_DOWN_PAYMENT", RATIO, "down payment, normalized")
PAYMENTS = column("CNT_PAYMENT", MONTHS, "term")
INSURED = column("NFLAG_INSURED_ON_APPROVAL", FLAG, "insured on approval")
HOUR = column("HOUR_APPR_PROCESS_START", HOURS, "hour of the application")
SELLER_AREA = column("SELLERPLACE_AREA", AREA, "size of the seller's place", sentinel=NO_PLACE)
FIRST_DRAWING = column("DAYS_FIRST_DRAWING", DAYS, "first drawing", sentinel=NOT_YET, fact=True)
FIRST_DUE = column("DAYS_FIRST_DUE", DAYS, "first instalment due by plan", sentinel=NOT_YET)
LAST_DUE_PLANNED = column("DAYS_LAST_DUE_1ST_VERSION", DAYS, "last instalment due by plan", sentinel=NOT_YET)
TERMINATION = column("DAYS_TERMINATION", DAYS, "end of the contract", sentinel=NOT_YET, fact=True)
# "Not yet" stays the number that it is: that is how a credit under repayment is known.
LAST_DUE = column("DAYS_LAST_DUE", DAYS, "last instalment due, far ahead while under repayment")

ASKED_TO_GRANTED = ratio(ASKED, GRANTED)
EXTRA = named("GRANTED_EXTRA", difference(GRANTED, ASKED), "amount granted beyond the amount asked for")
ALL_ANNUITIES = named("ALL_ANNUITIES", product(ANNUITY, PAYMENTS), "all annuities")
GRANTED_TO_ANNUITIES = named("GRANTED_TO_ANNUITIES", ratio(GRANTED, ALL_ANNUITIES), "amount granted to all annuities")
GOODS_TO_ANNUITIES = named(
    "GOODS_TO_ANNUITIES", ratio(GOODS_PRICE, ALL_ANNUITIES), "price of the goods to all annuities"
)
INTEREST = named(
    "INTEREST",
    ratio(difference(ALL_ANNUITIES, GRANTED), product(GRANTED, PAYMENTS)),
    "simple interest a month, as the annuities imply",
)
GRANTED_TO_ANNUITY = ratio(GRANTED, ANNUITY)
ANNUITY_TO_PAYMENTS = ratio(ANNUITY, PAYMENTS)
SHORTENED = named("DAYS_EARLY", difference(LAST_DUE_PLANNED, TERMINATION), "days ended before plan")

SHARE_AHEAD = named(
    "SHARE_AHEAD",
    ratio(positive(LAST_DUE_PLANNED), difference(LAST_DUE_PLANNED, FIRST_DUE)),
    "share of the plan that lies ahead",
)
PAYMENTS_AHEAD = named("PAYMENTS_AHEAD", product(PAYMENTS, SHARE_AHEAD), "instalments ahead by plan")
ANNUITIES_AHEAD = named("ANNUITIES_AHEAD", product(ALL_ANNUITIES, SHARE_AHEAD), "annuities ahead by plan")

# Ordered from the lender's yes to its no; what the client let go stands between.
OUTCOME = coded(
    "OUTCOME",
    STATUS,
    {"Approved": 0, "Unused offer": 1, "Canceled": 2, "Refused": 3},
    GRADE,
    "outcome from 0 (approved) to 3 (refused)",
)
YIELD_GRADE = coded(
    "YIELD_GRADE",
    YIELD_GROUP,
    {"low_action": 1, "low_normal": 2, "middle": 3, "high": 4},
    GRADE,
    "interest from 1 (promotion) to 4 (high)",
)
# By the price of money: goods without interest first, cash from the street at high interest last.
PRODUCT_GRADE = coded(
    "PRODUCT_GRADE",
    PRODUCT,
    {
        "POS others without interest": 1,
        "POS industry without interest": 2,
        "POS household without interest": 3,
        "POS industry with interest": 4,
        "Cash X-Sell: low": 5,
        "POS household with interest": 6,
        "POS other with interest": 7,
        "POS mobile without interest": 8,
        "Card X-Sell": 9,
        "Cash X-Sell: middle": 10,
        "Cash Street: low": 11,
        "POS mobile with interest": 12,
        "Cash": 13,
        "Cash X-Sell: high": 14,
        "Cash Street: middle": 15,
        "Card Street": 16,
        "Cash Street: high": 17,
    },
    GRADE,
    "product from 1 (goods without interest) to 17 (dear cash)",
)

APPROVED = one_of("APPROVED", STATUS, ("Approved",), "were approved")
REFUSED = one_of("REFUSED", STATUS, ("Refused",), "were refused")
CANCELED = one_of("CANCELED", STATUS, ("Canceled",), "were canceled")
UNUSED = one_of("UNUSED", STATUS, ("Unused offer",), "were approved and not used")
DECIDED = one_of("DECIDED", STATUS, ("Approved", "Refused"), "were approved or refused")
RUNNING = above("RUNNING", LAST_DUE, 0, "are under repayment")
# Twelve months of thirty days: an annuity that is still due then.
YEAR_AHEAD = above("YEAR_AHEAD", LAST_DUE_PLANNED, 360, "have instalments over a year ahead")

CASH = one_of("CASH", CONTRACT_TYPE, ("Cash loans",), "were for cash loans")
CONSUMER = one_of("CONSUMER", CONTRACT_TYPE, ("Consumer loans",), "were for consumer loans")
REVOLVING = one_of("REVOLVING", CONTRACT_TYPE, ("Revolving loans",), "were for revolving loans")

BY_POLICY = one_of("REJECT_POLICY", REJECT_REASON, ("HC",), "were refused by policy (HC)")
BY_LIMIT = one_of("REJECT_LIMIT", REJECT_REASON, ("LIMIT",), "were refused for a limit")
BY_SCORE = one_of("REJECT_SCORE", REJECT_REASON, ("SCO",), "were refused by score (SCO)")
BY_FRAUD = one_of("REJECT_FRAUD", REJECT_REASON, ("SCOFR",), "were refused by the score of fraud (SCOFR)")

HIGH_YIELD = one_of("YIELD_HIGH", YIELD_GROUP, ("high",), "bore high interest")
LOW_YIELD = one_of("YIELD_LOW", YIELD_GROUP, ("low_normal",), "bore low interest")
PROMOTION = one_of("YIELD_PROMOTION", YIELD_GROUP, ("low_action",), "bore the interest of a promotion")

WALK_IN = one_of("WALK_IN", PRODUCT_TYPE, ("walk-in",), "were made by walking in")
CROSS_SELL = one_of("CROSS_SELL", PRODUCT_TYPE, ("x-sell",), "were sold across")
NEW_CLIENT = one_of("NEW_CLIENT", CLIENT_TYPE, ("New",), "came from a new client")

AGENT = one_of("AGENT", CHANNEL, ("AP+ (Cash loan)",), "came through an agent")
CONTACT_CENTER = one_of("CONTACT_CENTER", CHANNEL, ("Contact center",), "came through the contact center")

CARD_STREET = one_of("CARD_STREET", PRODUCT, ("Card Street",), "were for cards from the street")
CASH_LOW = one_of("CASH_CROSS_LOW", PRODUCT, ("Cash X-Sell: low",), "were for cash sold across at low interest")
MOBILE = one_of(
    "POS_MOBILE", PRODUCT, ("POS mobile with interest", "POS mobile without interest"), "were for mobile phones"
)
INDUSTRIAL = one_of(
    "POS_INDUSTRY",
    PRODUCT,
    ("POS industry with interest", "POS industry without interest"),
    "were for goods of the industry group",
)
HOME = one_of("HOME", INDUSTRY, ("Furniture", "Construction"), "were for furniture or construction")
WITH_PURPOSE = one_of(
    "WITH_PURPOSE",
    PURPOSE,
    (
        "Repairs",
        "Other",
        "Urgent needs",
        "Buying a used car",
        "Everyday expenses",
        "Payments on other loans",
        "Building a house or an annex",
        "Medicine",
        "Education",
        "Buying a holiday home / land",
        "Buying a new car",
        "Car repairs",
        "Journey",
        "Purchase of electronic equipment",
        "Buying a home",
        "Furniture",
        "Wedding / gift / holiday",
        "Business development",
        "Gasification / water supply",
        "Hobby",
        "Buying a garage",
        "Money for a third person",
        "Refusal to name the goal",
    ),
    "name a purpose",
)
ALONE = one_of("ALONE", SUITE, ("Unaccompanied",), "were made unaccompanied")

LAST_QUARTER = last_days(DECISION, 90)
LAST_YEAR = last_days(DECISION, 365)
LAST_TWO_YEARS = last_days(DECISION, 730)
