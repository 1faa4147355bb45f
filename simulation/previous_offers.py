"""The words on an earlier application: product, shop, channel, purpose, reasons.

Here: the category columns of previous_application, and how they agree with each other. Rows of one
kind take their own range of a column's distribution, so that the shares over all rows stay the
profile's. Keep out: amounts and dates (previous_applications).
"""

import numpy as np

from simulation.columns import Floats, Ints, Labels, Mask, Table, missing_where
from simulation.dependence import chance, ranked, top_share
from simulation.profile import TableProfile

CASH, CONSUMER, REVOLVING = "Cash loans", "Consumer loans", "Revolving loans"

# What became of an application: codes into STATES.
STATES = ("Approved", "Canceled", "Refused", "Unused offer")
APPROVED, CANCELED, REFUSED, UNUSED = range(4)

# Goods, sellers and products in one order: phones, electronics, furniture and the like, the rest.
# One place in it a purchase makes the three agree.
GOODS = (
    "Mobile",
    "Consumer Electronics",
    "Computers",
    "Audio/Video",
    "Photo / Cinema Equipment",
    "Office Appliances",
    "Furniture",
    "Construction Materials",
    "Clothing and Accessories",
    "Jewelry",
    "Auto Accessories",
)
SELLERS = ("Connectivity", "Consumer electronics", "Furniture", "Construction", "Clothing", "Jewelry")
SHOP_PRODUCTS = (
    "POS mobile with interest",
    "POS mobile without interest",
    "POS household with interest",
    "POS household without interest",
    "POS industry with interest",
    "POS industry without interest",
    "POS other with interest",
    "POS others without interest",
)
CASH_PRODUCTS = (
    "Cash X-Sell: low",
    "Cash X-Sell: middle",
    "Cash X-Sell: high",
    "Cash Street: low",
    "Cash Street: middle",
    "Cash Street: high",
)
CARD_PRODUCTS = ("Card Street", "Card X-Sell")
PORTFOLIOS = {"Cash": "Cash", "POS": "POS", "Cards": "Card"}
YIELDS = ("low_action", "low_normal", "middle", "high")
SHOP_CHANNELS = ("Stone", "Country-wide", "Regional / Local")
REFUSALS = ("HC", "LIMIT", "SCO", "SCOFR", "XNA", "VERIF", "SYSTEM")


def offers(t: TableProfile, rng: np.random.Generator, kind: Labels, state: Ints, terms: Mask, first: Mask) -> Table:
    """All category columns and small flags of earlier applications.

    Args:
        t: previous_application of the profile.
        rng: source of randomness.
        kind: contract type of each row.
        state: what became of each row, a code into STATES.
        terms: which rows came to terms.
        first: which rows are a client's first application.
    """
    n = len(state)
    consumer, approved = kind.among(CONSUMER), state == APPROVED
    # Who pays through the bank has a running loan; the others have nothing to pay, hence XNA.
    payment = ranked(rng.standard_normal(n) + 2.5 * terms)
    alone = top_share(rng.random(n) + 0.6 * ~consumer, t["NAME_TYPE_SUITE"].missing)
    product = _product(t, rng, kind, terms)
    flag = t["FLAG_LAST_APPL_PER_CONTRACT"]
    return {
        **_shop(t, rng, consumer, product),
        **_names(t, rng, kind, terms, product),
        **_reasons(t, rng, kind, state),
        **_special_rates(t, rng, approved),
        "WEEKDAY_APPR_PROCESS_START": t["WEEKDAY_APPR_PROCESS_START"].label(rng.random(n)),
        "HOUR_APPR_PROCESS_START": t["HOUR_APPR_PROCESS_START"].count(rng.random(n)),
        "FLAG_LAST_APPL_PER_CONTRACT": flag.label(rng.random(n)),
        "NFLAG_LAST_APPL_IN_DAY": chance(rng, n, t["NFLAG_LAST_APPL_IN_DAY"].mean).astype(np.int64),
        "NAME_PAYMENT_TYPE": t["NAME_PAYMENT_TYPE"].label(payment, order=("XNA",)),
        "NAME_TYPE_SUITE": t["NAME_TYPE_SUITE"].label(rng.random(n)).missing_where(alone),
        "NAME_CLIENT_TYPE": t["NAME_CLIENT_TYPE"].label(below(rng, first), order=("New", "XNA", "Repeater")),
        "CHANNEL_TYPE": t["CHANNEL_TYPE"].label(below(rng, consumer), order=SHOP_CHANNELS),
    }


def below(rng: np.random.Generator, mask: Mask) -> Floats:
    """Uniform numbers: rows of `mask` fall below its share, all others above; uniform in all."""
    share = mask.mean() if len(mask) else 0.0
    u = rng.random(len(mask))
    return np.where(mask, share * u, share + (1 - share) * u)


def _product(t: TableProfile, rng: np.random.Generator, kind: Labels, terms: Mask) -> Labels:
    """PRODUCT_COMBINATION; cash without terms is just Cash, and a contract of kind XNA has none."""
    column, u = t["PRODUCT_COMBINATION"], rng.random(len(terms))
    product = column.label_among(u, SHOP_PRODUCTS)
    product = column.label_among(u, CARD_PRODUCTS).where(kind.among(REVOLVING), product)
    cash = column.label_among(u, CASH_PRODUCTS).where(terms, "Cash")
    return cash.where(kind.among(CASH), product).missing_where(kind.among("XNA"))


def _shop(t: TableProfile, rng: np.random.Generator, consumer: Mask, product: Labels) -> Table:
    """What was bought where: goods, seller and product stand at the same place of their orders."""
    n = len(consumer)
    order = [product.levels.index(level) for level in SHOP_PRODUCTS if level in product.levels]
    shelf = np.zeros(len(product.levels))
    shelf[order] = np.arange(len(order))
    u = np.empty(n)
    u[consumer] = ranked((shelf[product.codes] + rng.random(n))[consumer]) * consumer.mean()
    u[~consumer] = consumer.mean() + (1 - consumer.mean()) * rng.random(int((~consumer).sum()))
    goods, seller = t["NAME_GOODS_CATEGORY"], t["NAME_SELLER_INDUSTRY"]
    no_goods = (*GOODS, *(level for level in goods.levels if level not in (*GOODS, "XNA")), "XNA")
    no_seller = (*SELLERS, *(level for level in seller.levels if level not in (*SELLERS, "XNA")), "XNA")
    # Areas are sorted upwards: purchases take the upper end, where there is a shop at all.
    area = t["SELLERPLACE_AREA"].quantile(1 - below(rng, consumer))
    return {
        "NAME_GOODS_CATEGORY": goods.label(u, order=no_goods),
        "NAME_SELLER_INDUSTRY": seller.label(u, order=no_seller),
        "SELLERPLACE_AREA": np.rint(area).astype(np.int64),
    }


def _names(t: TableProfile, rng: np.random.Generator, kind: Labels, terms: Mask, product: Labels) -> Table:
    """Portfolio, product type, yield group: XNA without terms."""
    n = len(terms)
    portfolio = _renamed(
        product,
        {name: group for name in product.levels for group in PORTFOLIOS if name.startswith(PORTFOLIOS[group])},
    )
    # A handful of purchases on credit are cars.
    car = chance(rng, n, t["NAME_PORTFOLIO"].share("Cars") / t["NAME_PORTFOLIO"].share("POS"))
    portfolio = Labels.constant("Cars", n).where(kind.among(CONSUMER) & car, portfolio)
    low = t["NAME_YIELD_GROUP"].label_among(rng.random(n), ("low_action", "low_normal"))
    other = t["NAME_YIELD_GROUP"].label_among(rng.random(n), YIELDS)
    for tier in ("middle", "high"):
        products = [name for name in CASH_PRODUCTS if name.endswith(tier)]
        other = Labels.constant(tier, n).where(product.among(*products), other)
    lows = product.among(*(name for name in CASH_PRODUCTS if name.endswith("low")))
    return {
        "PRODUCT_COMBINATION": product,
        "NAME_PORTFOLIO": portfolio.where(terms, "XNA"),
        "NAME_PRODUCT_TYPE": _product_type(t, rng, product),
        "NAME_YIELD_GROUP": low.where(lows, other).where(terms & ~kind.among(REVOLVING), "XNA"),
    }


def _product_type(t: TableProfile, rng: np.random.Generator, product: Labels) -> Labels:
    """Sold across or to somebody who walked in, as most products say; cards of the street make up the shares."""
    across = [name for name in product.levels if "X-Sell" in name]
    walked_in = [name for name in product.levels if name.startswith("Cash Street")]
    kinds, products = t["NAME_PRODUCT_TYPE"], t["PRODUCT_COMBINATION"]
    left = [kinds.share("x-sell") - products.share(*across), kinds.share("walk-in") - products.share(*walked_in)]
    edges = np.cumsum(left) / products.share("Card Street")
    codes = np.searchsorted(edges, rng.random(len(product)), side="right").astype(np.int16)
    card = Labels(codes, ("x-sell", "walk-in", "XNA"))
    named = _renamed(product, dict.fromkeys(across, "x-sell") | dict.fromkeys(walked_in, "walk-in"))
    return card.where(product.among("Card Street"), named)


def _renamed(column: Labels, names: dict[str, str]) -> Labels:
    """Levels renamed and merged; those without a name, and missing ones, become XNA."""
    new = tuple(dict.fromkeys([*names.values(), "XNA"]))
    position = [new.index(names.get(level, "XNA")) for level in column.levels]
    return Labels(np.array([*position, new.index("XNA")], dtype=np.int16)[column.codes], new)


def _reasons(t: TableProfile, rng: np.random.Generator, kind: Labels, state: Ints) -> Table:
    """Why it was refused, and what cash was for: XAP where the question does not arise."""
    n = len(state)
    refused = t["CODE_REJECT_REASON"].label_among(rng.random(n), REFUSALS)
    reason = refused.where(state == REFUSED, Labels.constant("CLIENT", n).where(state == UNUSED, "XAP"))
    purpose = t["NAME_CASH_LOAN_PURPOSE"]
    cash = purpose.label_among(rng.random(n), [level for level in purpose.levels if level != "XAP"])
    return {
        "CODE_REJECT_REASON": reason,
        "NAME_CASH_LOAN_PURPOSE": cash.where(kind.among(CASH), "XAP"),
    }


def _special_rates(t: TableProfile, rng: np.random.Generator, approved: Mask) -> Table:
    """Agreed interest, on four approved applications in a thousand."""
    n, name = len(approved), "RATE_INTEREST_PRIMARY"
    known = approved & chance(rng, n, (1 - t[name].missing) / max(approved.mean(), 0.01))
    u = rng.random(n)
    return {
        name: missing_where(t[name].quantile(u), ~known),
        "RATE_INTEREST_PRIVILEGED": missing_where(t["RATE_INTEREST_PRIVILEGED"].quantile(u), ~known),
    }
