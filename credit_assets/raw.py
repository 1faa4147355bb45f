"""The eight raw tables: CSV in, typed Parquet out, one asset each from one factory.

Add a table in `credit_risk.tables`; it appears here by itself. Keep out: what a valid table
is (its schema) and how a CSV is read (`resources.raw_files`).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import orjson
import pandas as pd

from credit_assets import owners
from credit_risk.errors import ModelError, RawTableError
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.raw_table import RawTable
from resources.dagster_resources import PlatformResource
from resources.lake import Lake
from resources.raw_files import RawSummary, convert

SCHEMA_CHECK = "schema"


def raw_key(table: str) -> dg.AssetKey:
    """The asset of a raw table."""
    return dg.AssetKey(["raw", table])


def raw_file(table: str) -> str:
    """Where a raw table is in the lake."""
    return f"raw/{table}.parquet"


def raw_digests(lake: Lake, tables: Iterable[str]) -> dict[str, str]:
    """The digest of the CSV file behind each stored raw table.

    Raises:
        ModelError: names every table that is not there.
    """
    digests = {}
    absent = []
    for table in tables:
        try:
            digests[table] = str(orjson.loads(lake.read_bytes(_digest_file(table)))["sha256"])
        except FileNotFoundError:
            absent.append(table)
    if absent:
        raise ModelError(
            f"no raw table {', '.join(absent)} in the lake",
            expected="every raw table that the features read",
            remedy="materialize " + ", ".join(f"raw/{table}" for table in absent),
        )
    return digests


def raw_asset(table: RawTable) -> dg.AssetsDefinition:
    """The asset of one raw table."""
    key = raw_key(table.name)

    @dg.asset(
        key=key,
        group_name="raw",
        owners=[owners.DATA],
        kinds={"csv", "parquet"},
        description=f"{table.description} One row is {table.grain}. From `{table.file_name}`.",
        check_specs=[
            dg.AssetCheckSpec(
                SCHEMA_CHECK,
                asset=key,
                blocking=True,
                description="The file is complete and its columns, types, values and keys are those of the schema.",
            )
        ],
    )
    def raw(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        csv = platform.settings.raw_dir / table.file_name
        scratch = platform.settings.home / "scratch" / f"{uuid4().hex}.parquet"
        scratch.parent.mkdir(parents=True, exist_ok=True)
        try:
            summary = convert(csv, scratch, table.name)
        except RawTableError as error:
            yield _refused(key, error)
            raise
        _publish(platform.lake, table.name, scratch, summary)
        context.log.info("%s: %d rows", table.name, summary.rows)
        yield dg.MaterializeResult(metadata=_describe(table, summary), check_results=[_accepted(key)])

    return raw


def _publish(lake: Lake, table: str, scratch: Path, summary: RawSummary) -> None:
    # The digest goes first and comes last: a table is never found under the digest of another file.
    lake.remove(_digest_file(table))
    lake.put_file(scratch, raw_file(table))
    lake.write_bytes(_digest_file(table), orjson.dumps({"sha256": summary.sha256, "rows": summary.rows}))


def _digest_file(table: str) -> str:
    return f"raw/{table}.json"


def _describe(table: RawTable, summary: RawSummary) -> dict[str, Any]:
    missing = pd.Series(summary.missing, name="missing share").sort_values(ascending=False)
    columns = [
        dg.TableColumn(name, str(column.dtype), description=column.description)
        for name, column in table.schema.columns.items()
    ]
    return {
        "dagster/row_count": summary.rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "bytes": summary.bytes,
        "sha256": summary.sha256,
        "missing_shares": dg.MetadataValue.md(missing[missing > 0].round(4).to_markdown() or "nothing is missing"),
        "preview": dg.MetadataValue.md(summary.preview),
    }


def _accepted(key: dg.AssetKey) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(asset_key=key, check_name=SCHEMA_CHECK, passed=True)


def _refused(key: dg.AssetKey, error: RawTableError) -> dg.AssetCheckResult:
    violations: list[Mapping[str, Any]] = list(error.fields.get("violations", []))  # type: ignore[call-overload]
    table = pd.DataFrame(violations)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=SCHEMA_CHECK,
        passed=False,
        metadata={
            "n_violations": len(violations),
            "violations": dg.MetadataValue.md(table.to_markdown(index=False) if violations else str(error)),
        },
    )


assets: list[dg.AssetsDefinition] = [raw_asset(table) for table in TABLES.values()]
