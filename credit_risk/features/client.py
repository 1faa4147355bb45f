"""The feature table of all clients: every source's features set side by side.

Here: which feature tables there are, and their join. Add a source to FEATURE_TABLES. Keep out: single
features (one module a source, `across_sources` for those of several), and storage.
"""

from collections.abc import Mapping

import ibis.expr.types as ir

from credit_risk.features import (
    application,
    bureau,
    bureau_balance,
    credit_card_balance,
    installments_payments,
    pos_cash_balance,
    previous_application,
)
from credit_risk.features.across_sources import SPECIFICATIONS
from credit_risk.features.feature_table import FeatureTable, require_columns
from credit_risk.features.rendering import CLIENT
from credit_risk.features.terms import Term

FEATURE_TABLES: tuple[FeatureTable, ...] = (
    application.TABLE,
    bureau.TABLE,
    bureau_balance.TABLE,
    previous_application.TABLE,
    pos_cash_balance.TABLE,
    installments_payments.TABLE,
    credit_card_balance.TABLE,
)

FEATURES: tuple[Term, ...] = (
    *(term for table in FEATURE_TABLES for term in table.specifications),
    *SPECIFICATIONS,
)
"""Every feature of a client, in the order of the columns."""


def raw_inputs() -> dict[str, dict[str, str]]:
    """The raw tables that features read; for each its columns and their types."""
    inputs: dict[str, dict[str, str]] = {}
    for table in FEATURE_TABLES:
        for name, read in table.inputs.items():
            inputs.setdefault(name, {}).update(read)
    return inputs


def client_features(sources: Mapping[str, ir.Table]) -> ir.Table:
    """One row a client of application_train and application_test, by ascending key; no TARGET.

    Args:
        sources: the eight raw tables by their file's name. Keys are unique in the applications
            and in bureau; histories of clients that did not apply are left out.

    Raises:
        RawTableError: names every table and column that is not there.
    """
    require_columns(sources, raw_inputs())
    return join_clients({table.name: table.compute(sources) for table in FEATURE_TABLES}).order_by(CLIENT)


def join_clients(tables: Mapping[str, ir.Table]) -> ir.Table:
    """The feature tables of all sources, by the names in FEATURE_TABLES, as one table in no order.

    A client without rows in a history has its features missing.
    """
    applications, *histories = (tables[table.name] for table in FEATURE_TABLES)
    joined = applications
    for position, history in enumerate(histories):
        # Each history brings its key along, renamed: only the application's is selected.
        joined = joined.left_join(history, CLIENT, rname=f"{{name}}__{position}")
    single = [term.name for table in FEATURE_TABLES for term in table.specifications]
    return joined.select(CLIENT, *single, **across_sources(joined))


def across_sources(joined: ir.Table) -> dict[str, ir.Value]:
    """The features that read several sources, over the columns of all of them side by side."""
    return {term.name: term.value(joined) for term in SPECIFICATIONS}
