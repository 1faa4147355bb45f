"""Checks across raw tables: histories that point nowhere are counted, and many are a warning."""

import dagster as dg

from credit_assets.raw import raw_file, raw_key
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.orphans import count_orphans
from credit_risk.tables.raw_table import ForeignKey, RawTable
from resources.dagster_resources import PlatformResource

# In the real tables about a twentieth of some histories points nowhere; five times that is a
# table of another extract, and features would silently miss most of it.
TOLERATED_SHARE = 0.25


def orphans_check(table: RawTable, foreign: ForeignKey) -> dg.AssetChecksDefinition:
    """The check that a history's rows mostly belong to somebody."""

    @dg.asset_check(
        name=f"{foreign.column.lower()}_points_somewhere",
        asset=raw_key(table.name),
        additional_deps=[raw_key(parent) for parent in foreign.tables],
        description=f"At most a quarter of the rows have a {foreign.column} "
        f"that is not in {' or '.join(foreign.tables)}.",
    )
    def check(platform: PlatformResource) -> dg.AssetCheckResult:
        absent = [f"raw/{parent}" for parent in foreign.tables if not platform.lake.exists(raw_file(parent))]
        if absent:
            # On a fresh instance a history may come before the applications: not known is not passed.
            return dg.AssetCheckResult(
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"not counted, as {' and '.join(absent)} is missing: materialize it, then check again",
            )
        engine = platform.engine
        parents = [engine.table(raw_file(parent)) for parent in foreign.tables]
        orphans = count_orphans(engine.table(raw_file(table.name)), parents, foreign.column)
        return dg.AssetCheckResult(
            passed=orphans.share <= TOLERATED_SHARE,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "rows": orphans.rows,
                "keys": orphans.keys,
                "of_rows": orphans.of_rows,
                "share": float(orphans.share),
            },
        )

    return check


checks: list[dg.AssetChecksDefinition] = [
    orphans_check(table, foreign) for table in TABLES.values() for foreign in table.parents
]
