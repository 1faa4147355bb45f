"""The credit that is applied for: price of the goods, amount, annuity, kind of contract.

Here: the application's amounts and the links between them. Keep out: earlier credits
(previous_applications).
"""

import numpy as np

from simulation.columns import Floats, Labels, Mask, Table, missing_where
from simulation.dependence import Scores, chance, uniform
from simulation.profile import TableProfile

# Credit per price of the goods: the price itself, or with insurance and fees at these usual rates.
# Shares fitted to the quantiles of AMT_CREDIT over those of AMT_GOODS_PRICE.
CREDIT_PER_PRICE = np.array([1.0, 1.0528, 1.0792, 1.1188, 1.132, 1.1584, 1.198, 1.2376, 1.2844, 1.3584])
RATE_SHARES = np.array([0.26, 0.05, 0.06, 0.10, 0.10, 0.11, 0.13, 0.09, 0.07, 0.03])

# Above this price insurance is rare: the quantiles of credit and price meet there.
LARGE_PRICE, UNINSURED_LARGE = 1_000_000.0, 0.75

# A revolving loan repays a twentieth of its limit each month.
REVOLVING_ANNUITY = 0.05

# Cash loans run 8 to 45 months: what the annuity may be of the credit.
SHORTEST_MONTHS, LONGEST_MONTHS = 8.0, 45.0

# Amounts are multiples of 4.5 (a price unit of the real tables), prices and incomes of 4,500 or
# 22,500; small goods have odd prices, those above LARGE_ENOUGH are mostly round.
UNIT, ROUND, ROUNDEST, LARGE_ENOUGH = 4.5, 4_500.0, 22_500.0, 150_000.0


def snapped(amounts: Floats, unit: float | Floats) -> Floats:
    """Rounded to positive multiples of `unit`."""
    return np.maximum(np.round(amounts / unit), 1) * unit


def credit(t: TableProfile, g: Scores, rng: np.random.Generator) -> Table:
    """Contract, income, price, amount and annuity of one application each."""
    n = len(g["AMT_CREDIT"])
    contract = t["NAME_CONTRACT_TYPE"].label(rng.random(n))
    revolving = contract.among("Revolving loans")
    price = t["AMT_GOODS_PRICE"].quantile(uniform(g["AMT_GOODS_PRICE"]))
    round_price = (price > LARGE_ENOUGH) & chance(rng, n, 0.85)
    price = snapped(price, np.where(round_price, ROUNDEST, ROUND))
    rate = CREDIT_PER_PRICE[np.searchsorted(np.cumsum(RATE_SHARES)[:-1], rng.random(n), side="right")]
    uninsured = revolving | ((price > LARGE_PRICE) & chance(rng, n, UNINSURED_LARGE))
    amount = np.where(uninsured, price, snapped(price * rate, UNIT))
    amount = np.minimum(amount, t["AMT_CREDIT"].quantiles[-1])
    income = t["AMT_INCOME_TOTAL"].quantile(uniform(g["AMT_INCOME_TOTAL"]))
    # Half of the real incomes are multiples of 22,500: people state round sums.
    income = snapped(income, np.where(chance(rng, n, 0.6), ROUNDEST, ROUND))
    # Only revolving loans come without goods: the whole missing share is theirs.
    without_goods = t["AMT_GOODS_PRICE"].missing / max(revolving.mean(), t["AMT_GOODS_PRICE"].missing, 1e-9)
    return {
        "NAME_CONTRACT_TYPE": contract,
        "AMT_INCOME_TOTAL": income,
        "AMT_CREDIT": amount,
        "AMT_ANNUITY": missing_where(_annuity(t, g, amount, revolving), chance(rng, n, t["AMT_ANNUITY"].missing)),
        "AMT_GOODS_PRICE": missing_where(price, revolving & chance(rng, n, without_goods)),
    }


def _annuity(t: TableProfile, g: Scores, amount: Floats, revolving: Mask) -> Floats:
    annuity = t["AMT_ANNUITY"].quantile(uniform(g["AMT_ANNUITY"]))
    annuity = np.clip(annuity, amount / LONGEST_MONTHS, amount / SHORTEST_MONTHS)
    return snapped(np.where(revolving, REVOLVING_ANNUITY * amount, annuity), UNIT)


def documents(t: TableProfile, rng: np.random.Generator, retired: Mask) -> Table:
    """The one document an applicant hands in, if any; document 6 is the pension certificate."""
    names = [name for name in t.header if name.startswith("FLAG_DOCUMENT_")]
    shares = np.array([t[name].mean for name in names])
    pension = names.index("FLAG_DOCUMENT_6")
    others = np.where(np.arange(len(names)) == pension, 0.0, shares)
    with_pension = min(shares[pension] / retired.mean(), 1.0) if retired.any() else 0.0
    shows_pension = retired & chance(rng, len(retired), with_pension)
    # The rest keeps its shares: among those without the certificate they are that much larger.
    edges = np.cumsum(others) / (1 - shares[pension])
    handed_in = np.where(shows_pension, pension, np.searchsorted(edges, rng.random(len(retired)), side="right"))
    return {name: (handed_in == k).astype(np.int64) for k, name in enumerate(names)}


def process(t: TableProfile, rng: np.random.Generator, n: int) -> Table:
    """Who came along, on which weekday and hour."""
    companion: Labels = t["NAME_TYPE_SUITE"].label(rng.random(n))
    return {
        "NAME_TYPE_SUITE": companion.missing_where(chance(rng, n, t["NAME_TYPE_SUITE"].missing)),
        "WEEKDAY_APPR_PROCESS_START": t["WEEKDAY_APPR_PROCESS_START"].label(rng.random(n)),
        "HOUR_APPR_PROCESS_START": t["HOUR_APPR_PROCESS_START"].count(rng.random(n)),
    }
