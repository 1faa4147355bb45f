"""Checks of feature tables: the contract, what went missing since the last accepted version, what tells nothing.

Here: asking the core about a table that was just written, and its answers as checks. Keep out: what a valid
table is (`credit_risk.features.contract`), and when a version is accepted (`features`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
import ibis.expr.types as ir
import pandas as pd

from credit_assets.metadata import accepted, finding_check
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.features.contract import contract_findings, feature_schema, out_of_order
from credit_risk.features.contract_duplicates import uninformative_findings
from credit_risk.features.contract_extents import measured_extents
from credit_risk.features.rendering import CLIENT
from credit_risk.features.terms import Term
from credit_risk.tables.finding import Finding
from credit_risk.tables.missing import MissingShares, moved_shares
from credit_risk.tables.violations import Extent
from resources.feature_store import FeatureStore, FeatureVersion
from resources.parquet_footer import Footer

# Of the table of all clients: what its sources were checked for.
COPIED = frozenset(term.name for table in FEATURE_TABLES for term in table.specifications)

CONTRACT_CHECK = "contract"
COMPLETENESS_CHECK = "completeness"
INFORMATIVE_CHECK = "informative"

CONTRACT = "One row a client, and every feature of the type and within the bounds of its specification."
COMPLETENESS = "No feature lost or gained values beyond tolerance since the last accepted version."
INFORMATIVE = "No feature is constant, and none a copy of another. A portfolio of a few thousand clients is not judged."


def check_specs(key: dg.AssetKey, *, informative: bool = False) -> list[dg.AssetCheckSpec]:
    """The checks of a feature table; of the table of all clients, `informative` as well."""
    specs = [
        dg.AssetCheckSpec(CONTRACT_CHECK, asset=key, blocking=True, description=CONTRACT),
        dg.AssetCheckSpec(COMPLETENESS_CHECK, asset=key, blocking=True, description=COMPLETENESS),
    ]
    if informative:
        specs.append(dg.AssetCheckSpec(INFORMATIVE_CHECK, asset=key, description=INFORMATIVE))
    return specs


@dataclass(frozen=True)
class Inspection:
    """What was found out about a version of a feature table.

    Attributes:
        contract: in what it breaks its contract.
        completeness: which features went missing, or came back, since the last accepted version.
        uninformative: features that tell nothing; None where that is not asked.
        extents: of its columns.
    """

    contract: list[Finding]
    completeness: list[Finding]
    uninformative: list[Finding] | None
    extents: dict[str, Extent]

    @property
    def findings(self) -> list[Finding]:
        """Everything."""
        return [*self.contract, *self.completeness, *(self.uninformative or [])]

    def results(self, key: dg.AssetKey) -> list[dg.AssetCheckResult]:
        """The findings as results of the checks of `check_specs`."""
        checks = {
            CONTRACT_CHECK: self.contract,
            COMPLETENESS_CHECK: self.completeness,
            INFORMATIVE_CHECK: self.uninformative,
        }
        return [finding_check(key, name, found) for name, found in checks.items() if found is not None]


def inspect(
    table: ir.Table,
    footer: Footer,
    record: FeatureVersion,
    specifications: Sequence[Term],
    *,
    last: FeatureVersion | None,
    tags: Mapping[str, str],
    clients: int | None = None,
) -> Inspection:
    """Everything that its checks have to say about a version.

    Args:
        table: its data.
        footer: of the same.
        record: of the same.
        specifications: its features, in the order of its columns.
        last: the last accepted version; None: there is none.
        tags: of the run: it may accept changes.
        clients: of the table of all clients, how many applications there are; None for a single source.
    """
    unknown = [name for name in table.columns if name in footer.without_bounds]
    extents = footer.extents | measured_extents(table, unknown)
    schema = feature_schema(record.table, specifications, copied=() if clients is None else COPIED)
    contract = contract_findings(table, schema, extents, rows=footer.rows, clients=clients)
    if clients is not None and not footer.in_order_of(CLIENT):
        contract.append(out_of_order(record.table))
    uninformative = None
    if clients is not None:
        features = {name: extent for name, extent in extents.items() if name != CLIENT}
        uninformative = uninformative_findings(record.table, table, features, rows=footer.rows)
    return Inspection(contract, accepted(_completeness(record, last), tags), uninformative, extents)


def profile_of(specifications: Sequence[Term], inspection: Inspection, rows: int) -> dg.MarkdownMetadataValue:
    """Every feature with its unit, the share that is missing, and the range that it takes."""
    lines = [
        {
            "feature": term.name,
            "unit": term.unit.word,
            "missing": round(extent.missing / rows, 4) if rows else 0.0,
            "smallest": extent.low,
            "largest": extent.high,
        }
        for term in specifications
        if (extent := inspection.extents.get(term.name)) is not None
    ]
    return dg.MetadataValue.md(str(pd.DataFrame(lines).to_markdown(index=False)))


def last_accepted(store: FeatureStore, table: str) -> FeatureVersion | None:
    """The last accepted version of a table; None when there is none, or its record is of an older form."""
    version = store.accepted(table)
    return store.record(table, version) if version and store.exists(table, version) else None


def _completeness(record: FeatureVersion, last: FeatureVersion | None) -> list[Finding]:
    if last is None:
        return []
    before, after = (MissingShares(version.rows, version.missing) for version in (last, record))
    return moved_shares(record.table, before, after, read=record.missing)
