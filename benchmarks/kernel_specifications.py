"""The kernel's columns by our engine: what `kernel_pandas` computes, as specifications of `credit_risk.features`.

Here: the same 797 columns under the same names, for a comparison like for like. A test holds every value to
pandas'. As with pandas, the one-hot columns follow from the categories that the tables hold: `levels_of` looks.
Written in plain Ibis, since the grammar has no word for them: means over credits of means over a credit's
months, and the two application files with their label. Keep out: our own features.
"""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from benchmarks.kernel_pandas import BINARY, BUREAU, CARD, INSTALLMENTS, NEVER, POS, PREVIOUS
from benchmarks.kernel_terms import (
    AMOUNT,
    MISSING,
    PERC,
    RATE,
    code,
    days_over,
    divided,
    divided_by_zero,
    holds_level,
    one_hot,
    shares,
    statistics,
)
from credit_risk.features.conditions import Filter
from credit_risk.features.grammar import Source, count, distinct
from credit_risk.features.rendering import CLIENT, clean, derive, summarize
from credit_risk.features.terms import Raw, Term, category, column, difference, named
from credit_risk.features.units import COUNT, DAYS, MONTHS, Unit

Levels = Mapping[str, Mapping[str, Sequence[str]]]
"""The categories of each text column of each table, sorted."""

CREDIT = "SK_ID_BUREAU"
KEYS = (CLIENT, CREDIT, "SK_ID_PREV")
LABEL = "TARGET"

# By name, or by how it begins; whole numbers need no finer grid, on which their squares would be rounded.
UNITS = {
    "AMT_CREDIT_LIMIT_ACTUAL": COUNT,
    "AMT": AMOUNT,
    "DAYS": DAYS,
    "MONTHS": MONTHS,
    "RATE": RATE,
    "STATUS": PERC,
}


def levels_of(tables: Mapping[str, ir.Table]) -> dict[str, dict[str, list[str]]]:
    """The categories that the tables hold, by table and column; applications of both files as one."""
    found = {name: _levels(table) for name, table in tables.items()}
    train, test = found.pop("application_train"), found.pop("application_test")
    return found | {"application": {name: sorted({*train[name], *test[name]}) for name in train}}


def _levels(table: ir.Table) -> dict[str, list[str]]:
    text = [name for name, kind in table.schema().items() if kind.is_string()]
    return {name: sorted(table.select(name).distinct().drop_null().execute()[name]) for name in text}


def kernel_tables(tables: Mapping[str, ir.Table], levels: Levels) -> dict[str, ir.Table]:
    """One table a source, one row a client, from the eight raw tables by name; applications come first."""
    return {
        "application": applications(tables["application_train"], tables["application_test"], levels["application"]),
        "bureau": bureau(tables["bureau"], tables["bureau_balance"], levels),
        **{
            name: compute(tables[name], levels[name])
            for name, compute in {
                "previous_application": previous_applications,
                "POS_CASH_balance": pos_cash,
                "installments_payments": installments,
                "credit_card_balance": credit_cards,
            }.items()
        },
    }


def applications(train: ir.Table, test: ir.Table, levels: Mapping[str, Sequence[str]]) -> ir.Table:
    """Both application files: numbers as they are, two-valued columns as codes, others one-hot, five ratios."""
    unlabelled = test.mutate(TARGET=ibis.null("int64")).select(train.columns).cast(train.schema())
    both = train.union(unlabelled)
    gender = both["CODE_GENDER"]
    numbers = [number(name) for name in train.columns if name not in (*levels, *KEYS)]
    codes = [code(category(name, name), levels[name]) for name in BINARY]
    one_hots = [one_hot(category(name, name), level) for name in levels if name not in BINARY for level in levels[name]]
    terms = [*numbers, *codes, *one_hots, *_ratios()]
    return derive(clean(both.filter((gender != "XNA") | gender.isnull()), terms), terms)


def _ratios() -> list[Term]:
    income, credit, annuity = number("AMT_INCOME_TOTAL"), number("AMT_CREDIT"), number("AMT_ANNUITY")
    return [
        divided("DAYS_EMPLOYED_PERC", number("DAYS_EMPLOYED"), number("DAYS_BIRTH")),
        divided("INCOME_CREDIT_PERC", income, credit),
        divided("INCOME_PER_PERSON", income, number("CNT_FAM_MEMBERS")),
        divided("ANNUITY_INCOME_PERC", annuity, income),
        divided("PAYMENT_RATE", annuity, credit),
    ]


def bureau(credits_: ir.Table, months: ir.Table, levels: Levels) -> ir.Table:
    """Credits at other lenders with their monthly states; the active and the closed ones apart as well."""
    source = Source("bureau", "BURO", "credits", dates=(number("DAYS_CREDIT"),))
    states = (*levels["bureau_balance"]["STATUS"], MISSING)
    joined = credits_.left_join(_by_credit(months, states), CREDIT).drop(f"{CREDIT}_right")
    terms = _statistics(source, "BURO", BUREAU)
    terms += [term for name, found in levels["bureau"].items() for term in shares(source, category(name, name), found)]
    for state in states:
        terms += statistics(source, "BURO", number(f"STATUS_{state}_MEAN"), ("MEAN",))
    for state in ("Active", "Closed"):
        held = holds_level(category("CREDIT_ACTIVE", "CREDIT_ACTIVE"), state)
        terms += _statistics(source, state.upper(), BUREAU, held)
    return summarize(joined, source, terms)


def _by_credit(months: ir.Table, states: Sequence[str]) -> ir.Table:
    """First and last month of each credit, how many there are, and the share of each state."""
    status = category("STATUS", "STATUS")
    one = ibis.literal(1, "int8")
    # A plain column counts faster than a condition: 1 where the state holds, else NULL.
    flagged = months.select(
        CREDIT,
        "MONTHS_BALANCE",
        **{state: ibis.ifelse(holds_level(status, state).holds(months), one, ibis.null("int8")) for state in states},
    )
    rows = flagged.count()
    return flagged.group_by(CREDIT).aggregate(
        MONTHS_BALANCE_MIN=flagged["MONTHS_BALANCE"].min(),
        MONTHS_BALANCE_MAX=flagged["MONTHS_BALANCE"].max(),
        MONTHS_BALANCE_SIZE=rows,
        **{f"STATUS_{state}_MEAN": flagged[state].count() / rows for state in states},
    )


def previous_applications(table: ir.Table, levels: Mapping[str, Sequence[str]]) -> ir.Table:
    """Earlier applications; the approved and the refused ones apart as well."""
    source = Source("previous_application", "PREV", "applications", dates=(number("DAYS_DECISION"),))
    asked, granted = number("AMT_APPLICATION"), number("AMT_CREDIT")
    perc = divided("APP_CREDIT_PERC", asked, granted)
    beyond = {perc.name: divided_by_zero(asked, granted)}
    terms = _statistics(source, "PREV", PREVIOUS, own=(perc,), infinite=beyond)
    terms += [term for name, found in levels.items() for term in shares(source, category(name, name), found)]
    for state in ("Approved", "Refused"):
        held = holds_level(category("NAME_CONTRACT_STATUS", "NAME_CONTRACT_STATUS"), state)
        terms += _statistics(source, state.upper(), PREVIOUS, held, own=(perc,), infinite=beyond)
    return summarize(table, source, terms)


def pos_cash(table: ir.Table, levels: Mapping[str, Sequence[str]]) -> ir.Table:
    """Monthly balances of earlier consumer and cash loans."""
    source = Source("POS_CASH_balance", "POS", "months", dates=(number("MONTHS_BALANCE"),))
    terms = [*_statistics(source, "POS", POS), count(source)]
    terms += [term for name, found in levels.items() for term in shares(source, category(name, name), found)]
    return summarize(table, source, terms)


def installments(table: ir.Table, levels: Mapping[str, Sequence[str]]) -> ir.Table:
    """Payments of instalments: paid against due, in money and in days. Without a text column."""
    assert not levels
    source = Source("installments_payments", "INSTAL", "payments", dates=(number("DAYS_INSTALMENT"),))
    due, paid = number("AMT_INSTALMENT"), number("AMT_PAYMENT")
    due_day, paid_day = number("DAYS_INSTALMENT"), number("DAYS_ENTRY_PAYMENT")
    own = (
        divided("PAYMENT_PERC", paid, due),
        named("PAYMENT_DIFF", difference(due, paid), "due less paid"),
        days_over("DPD", paid_day, due_day),
        days_over("DBD", due_day, paid_day),
    )
    numeric = {name: kinds for name, kinds in INSTALLMENTS.items() if name != "NUM_INSTALMENT_VERSION"}
    versions = distinct(source, number("NUM_INSTALMENT_VERSION"))
    terms = [
        named("INSTAL_NUM_INSTALMENT_VERSION_NUNIQUE", versions, "versions"),
        *_statistics(source, "INSTAL", numeric, own=own, infinite={"PAYMENT_PERC": divided_by_zero(paid, due)}),
        count(source),
    ]
    return summarize(table, source, terms)


def credit_cards(table: ir.Table, levels: Mapping[str, Sequence[str]]) -> ir.Table:
    """Monthly balances of earlier cards: five statistics of every column."""
    source = Source("credit_card_balance", "CC", "months", dates=(number("MONTHS_BALANCE"),))
    measures: list[Term] = [number(name) for name in table.columns if name not in (*levels, *KEYS)]
    for name, found in levels.items():
        measures += [one_hot(category(name, name), level) for level in (*found, MISSING)]
    kinds = [kind.upper() for kind in CARD]
    terms = [term for measure in measures for term in statistics(source, "CC", measure, kinds)]
    return summarize(table, source, [*terms, count(source)])


def number(name: str) -> Raw:
    """A numeric column; what it counts shows in how its name begins."""
    unit: Unit = UNITS.get(name) or UNITS.get(name.split("_", maxsplit=1)[0], COUNT)
    return column(name, unit, name, sentinel=NEVER if name == "DAYS_EMPLOYED" else None)


def _statistics(
    source: Source,
    prefix: str,
    kinds: Mapping[str, Sequence[str]],
    *where: Filter,
    own: Sequence[Term] = (),
    infinite: Mapping[str, Filter] | None = None,
) -> list[Term]:
    """The statistics of a dictionary as pandas takes it; `own` are the measures that are no raw column."""
    computed = {term.name: term for term in own}
    return [
        term
        for name, wanted in kinds.items()
        for term in statistics(
            source,
            prefix,
            computed.get(name) or number(name),
            [kind.upper() for kind in wanted],
            *where,
            infinite=(infinite or {}).get(name),
        )
    ]
