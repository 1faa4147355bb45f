"""The known probability of default: what an application and its histories say about repayment.

Here: signals read from the rows that are written (never the hidden quality behind them), their
weights, the label, and the best AUC that any model can reach. Add a signal when the real tables
show one. Keep out: how the rows are made.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, logit

from simulation.columns import NEVER, Floats, Ints, Labels, Table, floats, labels
from simulation.histories import NOBODY, Histories
from simulation.profile import TableProfile

Signals = dict[str, Floats]

# Weights on the log odds, by moment matching on 80,000 made-up clients: so that each signal's rank
# correlation with the label is the profile's (spearman_target, target_rate). Those of the
# application are a twentieth smaller, which leaves applications alone an AUC of 0.76; those of the
# histories follow what the real aggregates show, and lift it to 0.80.
WEIGHTS = {
    "first score": -0.21,
    "second score": -0.29,
    "third score": -0.40,
    "age": -0.04,
    # Makes up for part of what the kind of income and the employer "XNA" say of pensioners.
    "retired": 0.22,
    "years employed": -0.09,
    "years registered": -0.03,
    "years with passport": -0.04,
    "years with phone": -0.05,
    "age of car": 0.10,
    "region": 0.07,
    "works in another city": 0.08,
    "lives in another city": 0.06,
    "work phone": 0.01,
    "home phone": -0.09,
    "document 3": 0.07,
    "defaults around": 0.13,
    "enquiries": 0.08,
    "credit per price": 0.22,
    "annuity per income": 0.10,
    "annuity per credit": 0.05,
    "floors": -0.15,
    "unknown building": 0.11,
    "recent credits": 0.22,
    "open credits": 0.12,
    "debt": 0.15,
    "overdue credits": 0.08,
    "months past due": 0.12,
    "unknown to the bureau": 0.15,
    "refusals": 0.20,
    "late instalments": 0.22,
    "loan months past due": 0.08,
    "card utilization": 0.36,
}

# Shares of a category's own log odds that are left once the other signals have said theirs.
CATEGORY_WEIGHTS = {
    "NAME_CONTRACT_TYPE": 0.46,
    "CODE_GENDER": 0.62,
    "FLAG_OWN_CAR": 1.00,
    "FLAG_OWN_REALTY": 0.90,
    "NAME_INCOME_TYPE": 0.60,
    "NAME_EDUCATION_TYPE": 0.79,
    "NAME_FAMILY_STATUS": 0.25,
    "NAME_HOUSING_TYPE": 0.42,
    "OCCUPATION_TYPE": 0.82,
    "ORGANIZATION_TYPE": 0.49,
    "WALLSMATERIAL_MODE": 1.00,
}

# Puts the default rate at the published 8.07 %.
INTERCEPT = -2.765


def standard(values: Floats, centre: float, scale: float) -> Floats:
    """Centred and scaled, within four scales; what is missing says nothing: 0."""
    return np.nan_to_num(np.clip((values - centre) / scale, -4, 4), nan=0.0)


def application_signals(form: Table) -> Signals:
    """What the numbers of an application say, each about standardized."""
    column = {name: floats(values) for name, values in form.items() if not isinstance(values, Labels)}
    retired = column["DAYS_EMPLOYED"] == NEVER
    years_employed = np.where(retired, np.nan, -column["DAYS_EMPLOYED"] / 365.25)
    price = np.where(np.isnan(column["AMT_GOODS_PRICE"]), column["AMT_CREDIT"], column["AMT_GOODS_PRICE"])
    return {
        "first score": standard(column["EXT_SOURCE_1"], 0.50, 0.21),
        "second score": standard(column["EXT_SOURCE_2"], 0.51, 0.19),
        "third score": standard(column["EXT_SOURCE_3"], 0.51, 0.19),
        "age": standard(-column["DAYS_BIRTH"] / 365.25, 44, 12),
        "retired": standard(retired.astype(np.float64), 0.181, 0.385),
        "years employed": standard(np.log1p(years_employed), 1.6, 0.8),
        "years registered": standard(-column["DAYS_REGISTRATION"] / 365.25, 13.7, 9.6),
        "years with passport": standard(-column["DAYS_ID_PUBLISH"] / 365.25, 8.2, 4.1),
        "years with phone": standard(-column["DAYS_LAST_PHONE_CHANGE"] / 365.25, 2.7, 2.3),
        "age of car": standard(column["OWN_CAR_AGE"], 12, 11),
        "region": standard(column["REGION_RATING_CLIENT_W_CITY"], 2.03, 0.5),
        "works in another city": standard(column["REG_CITY_NOT_WORK_CITY"], 0.23, 0.42),
        "lives in another city": standard(column["REG_CITY_NOT_LIVE_CITY"], 0.078, 0.27),
        "work phone": standard(column["FLAG_WORK_PHONE"], 0.2, 0.4),
        "home phone": standard(column["FLAG_PHONE"], 0.28, 0.45),
        "document 3": standard(column["FLAG_DOCUMENT_3"], 0.71, 0.45),
        "defaults around": standard(column["DEF_30_CNT_SOCIAL_CIRCLE"], 0.145, 0.45),
        "enquiries": standard(column["AMT_REQ_CREDIT_BUREAU_YEAR"], 1.9, 1.9),
        "credit per price": standard(column["AMT_CREDIT"] / price, 1.12, 0.11),
        "annuity per income": standard(column["AMT_ANNUITY"] / column["AMT_INCOME_TOTAL"], 0.18, 0.095),
        "annuity per credit": standard(column["AMT_ANNUITY"] / column["AMT_CREDIT"], 0.054, 0.022),
        "floors": standard(column["FLOORSMAX_AVG"], 0.23, 0.14),
        "unknown building": standard(np.isnan(column["TOTALAREA_MODE"]).astype(np.float64), 0.48, 0.5),
    }


def category_signals(form: Table, t: TableProfile) -> Signals:
    """Log odds of default of each category over all, from the profile; 0 for levels it does not rate."""
    overall = logit(t["TARGET"].mean)
    signals = {}
    for name in CATEGORY_WEIGHTS:
        column, rates = labels(form[name]), t[name].target_rate
        odds = [float(logit(rates[level]) - overall) if level in rates else 0.0 for level in column.levels]
        signals[name] = np.array([*odds, 0.0])[column.codes]
    return signals


def mean_by_client(client: Ints, values: Floats, n: int) -> Floats:
    """The mean over each client's rows, missing for clients without any; rows of NOBODY do not count."""
    known = ~np.isnan(values) & (client != NOBODY)
    count = np.bincount(client[known], minlength=n)
    total = np.bincount(client[known], weights=values[known], minlength=n)
    return np.asarray(np.divide(total, count, out=np.full(n, np.nan), where=count > 0))


def history_signals(histories: Histories, n: int) -> Signals:
    """What the histories of `n` clients say, each about standardized; nothing where there is none."""
    return _bureau_signals(histories, n) | _lender_signals(histories, n)


def _bureau_signals(histories: Histories, n: int) -> Signals:
    bureau, client = histories.tables["bureau"], histories.clients["bureau"]
    debt = np.nan_to_num(floats(bureau["AMT_CREDIT_SUM_DEBT"]))
    owed = np.bincount(client, weights=debt, minlength=n)
    lent = np.bincount(client, weights=np.nan_to_num(floats(bureau["AMT_CREDIT_SUM"])), minlength=n)
    burden = np.divide(owed, lent, out=np.full(n, np.nan), where=lent > 0)
    overdue = np.nan_to_num(floats(bureau["AMT_CREDIT_MAX_OVERDUE"])) > 0
    status = labels(histories.tables["bureau_balance"]["STATUS"])
    late = status.among("1", "2", "3", "4", "5").astype(np.float64)
    late_months = mean_by_client(histories.clients["bureau_balance"], late, n)
    in_bureau = np.bincount(client, minlength=n) > 0
    return {
        "recent credits": standard(mean_by_client(client, floats(bureau["DAYS_CREDIT"]), n), -1140, 550),
        "open credits": standard(
            mean_by_client(client, labels(bureau["CREDIT_ACTIVE"]).among("Active").astype(np.float64), n),
            0.38,
            0.28,
        ),
        "debt": standard(burden, 0.35, 0.3),
        "overdue credits": standard(mean_by_client(client, overdue.astype(np.float64), n), 0.07, 0.16),
        "months past due": standard(np.sqrt(late_months), 0.07, 0.09),
        "unknown to the bureau": standard((~in_bureau).astype(np.float64), 0.143, 0.35),
    }


def _lender_signals(histories: Histories, n: int) -> Signals:
    tables, clients = histories.tables, histories.clients
    refused = labels(tables["previous_application"]["NAME_CONTRACT_STATUS"]).among("Refused")
    payments = tables["installments_payments"]
    days_late = floats(payments["DAYS_ENTRY_PAYMENT"]) - floats(payments["DAYS_INSTALMENT"])
    payer = clients["installments_payments"]
    dpd = floats(tables["POS_CASH_balance"]["SK_DPD"]) > 0
    card = tables["credit_card_balance"]
    limit = floats(card["AMT_CREDIT_LIMIT_ACTUAL"])
    load = np.divide(floats(card["AMT_BALANCE"]), limit, out=np.full(len(limit), np.nan), where=limit > 0)
    return {
        "refusals": standard(
            mean_by_client(clients["previous_application"], refused.astype(np.float64), n), 0.13, 0.18
        ),
        "late instalments": standard(np.sqrt(mean_by_client(payer, (days_late > 0).astype(np.float64), n)), 0.25, 0.13),
        "loan months past due": standard(
            np.sqrt(mean_by_client(clients["POS_CASH_balance"], dpd.astype(np.float64), n)), 0.07, 0.1
        ),
        "card utilization": standard(mean_by_client(clients["credit_card_balance"], load, n), 0.3, 0.27),
    }


def default_probability(signals: Mapping[str, Floats], n: int) -> Floats:
    """Probability of default of `n` applications from their signals."""
    weights = WEIGHTS | CATEGORY_WEIGHTS
    total = np.full(n, INTERCEPT)
    for name, weight in weights.items():
        total += weight * signals[name]
    return np.asarray(expit(total), dtype=np.float64)


def draw_targets(probability: Floats, rng: np.random.Generator) -> Ints:
    """One label each, 1 with its probability, and in all as many as the probabilities add up to.

    Systematic sampling (Madow 1949) in random order: every applicant keeps the own probability, and
    small portfolios have the default rate of large ones.
    """
    order = rng.permutation(len(probability))
    steps = np.floor(np.cumsum(probability[order]) + rng.random())
    target = np.empty(len(order), dtype=np.int64)
    target[order] = np.diff(steps, prepend=0.0) > 0
    return target


def best_auc(probability: Floats) -> float:
    """The AUC that the known probabilities are expected to have: no model can have more.

    Every pair counts with the chance that the first defaults and the second does not.
    """
    p = np.sort(probability)
    good_below = np.cumsum(1 - p) - (1 - p)
    pairs = p.sum() * (1 - p).sum() - (p * (1 - p)).sum()
    return float((p * good_below).sum() / pairs)
