"""The eight raw tables: CSV in, typed Parquet out, one asset each from one factory.

Add a table in `credit_risk.tables`; it appears here by itself. Keep out: what a valid table
is (its schema), what may change from one version to the next (`credit_risk.tables.profile`),
and how a CSV is read (`resources.raw_files`).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import ibis
import orjson
import pandas as pd

from credit_assets import owners
from credit_assets.metadata import acceptance, accepted, finding_check, missing_shares, preview
from credit_assets.raw_record import (
    RawRecord,
    intake_version,
    read_record,
    record_file,
    remove_record,
    write_record,
)
from credit_risk.errors import ModelError, RawTableError
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.features.contract_levels import column_uses
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.finding import Finding, any_blocking, percent, refusal
from credit_risk.tables.profile import Profile, changes, count_units, take_profile
from credit_risk.tables.raw_table import RawTable
from resources.csv_engine import one_file, session
from resources.dagster_resources import PlatformResource
from resources.lake import Lake
from resources.raw_files import RawSummary, convert

SCHEMA_CHECK = "schema"
COMPLETENESS_CHECK = "completeness"
LEVELS_CHECK = "levels"

SHOWN_LEVELS = 5

CHECKS = {
    SCHEMA_CHECK: "The file is complete and its columns, types, values and keys are those of the schema.",
    COMPLETENESS_CHECK: "Neither rows nor values of a column went missing since the last accepted version.",
    LEVELS_CHECK: "Categories have the levels that features name and that the last accepted version had.",
}


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
            digests[table] = str(orjson.loads(lake.read_bytes(record_file(table)))["sha256"])
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
            dg.AssetCheckSpec(name, asset=key, blocking=True, description=description)
            for name, description in CHECKS.items()
        ],
    )
    def raw(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        lake, csv = platform.lake, platform.settings.raw_dir / table.file_name
        last = read_record(lake, table.name)
        if last is not None and lake.exists(raw_file(table.name)) and last.is_of(csv):
            yield _unchanged(platform, table, last)
            return
        with _scratch(platform) as parquet:
            try:
                summary = convert(csv, parquet, table.name)
            except RawTableError as error:
                yield _unreadable(key, error)
                raise
            profile, found = _compare(parquet, table, summary, last)
            judged = {check: accepted(findings, context.run.tags) for check, findings in found.items()}
            results = [finding_check(key, check, findings) for check, findings in judged.items()]
            everything = [finding for findings in judged.values() for finding in findings]
            if any_blocking(everything):
                yield from results
                raise refusal(RawTableError, str(csv), everything)
            record = RawRecord(summary.sha256, summary.bytes, intake_version(), profile)
            _publish(lake, table.name, parquet, record)
        context.log.info("%s: %d rows", table.name, summary.rows)
        shown = {"preview": dg.MetadataValue.md(summary.preview), "unchanged": False}
        metadata = _describe(table, record) | shown | acceptance(context.run.tags)
        yield dg.MaterializeResult(metadata=metadata, check_results=results)

    return raw


@contextmanager
def _scratch(platform: PlatformResource) -> Iterator[Path]:
    """A file of this run's own, gone after the block unless it went into the lake."""
    parquet = platform.settings.home / "scratch" / f"{uuid4().hex}.parquet"
    parquet.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield parquet
    finally:
        parquet.unlink(missing_ok=True)


def _compare(
    parquet: Path, table: RawTable, summary: RawSummary, last: RawRecord | None
) -> tuple[Profile, dict[str, list[Finding]]]:
    """The profile of a table just read, and by check what changed since the last accepted one."""
    with session() as connection:
        rows = ibis.duckdb.from_connection(connection).read_parquet(one_file(parquet))
        profile = take_profile(rows, table, summary.rows, summary.missing)
        uses = column_uses(FEATURE_TABLES).get(table.name, {})
        changed = changes(
            table, None if last is None else last.profile, profile, uses, cache(lambda: count_units(rows, table))
        )
    found = {SCHEMA_CHECK: [], COMPLETENESS_CHECK: [*changed.rows, *changed.missing], LEVELS_CHECK: changed.levels}
    return profile, found


def _publish(lake: Lake, table: str, parquet: Path, record: RawRecord) -> None:
    # The record goes first and comes last: a table is never found under the digest of another file.
    remove_record(lake, table)
    lake.put_file(parquet, raw_file(table))
    write_record(lake, table, record)


def _unchanged(platform: PlatformResource, table: RawTable, record: RawRecord) -> dg.MaterializeResult[None]:
    """What was read and checked already, by this code from this file, need not be again."""
    shown = {"preview": preview(platform.engine.table(raw_file(table.name))), "unchanged": True}
    results = [finding_check(raw_key(table.name), check, []) for check in CHECKS]
    return dg.MaterializeResult(metadata=_describe(table, record) | shown, check_results=results)


def _describe(table: RawTable, record: RawRecord) -> dict[str, Any]:
    columns = [
        dg.TableColumn(name, str(column.dtype), description=column.description)
        for name, column in table.schema.columns.items()
    ]
    return {
        "dagster/row_count": record.profile.rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "bytes": record.bytes,
        "sha256": record.sha256,
        "missing_shares": missing_shares(record.profile.missing),
        "levels": dg.MetadataValue.md(_levels(record.profile)),
    }


def _levels(profile: Profile) -> str:
    """Text columns with their most frequent levels, as a Markdown table."""
    rows = [
        {
            "column": column,
            "levels": len(levels),
            "most frequent": ", ".join(
                f"{level} ({percent(n / profile.rows)})" for level, n in list(levels.items())[:SHOWN_LEVELS]
            ),
        }
        for column, levels in profile.levels.items()
    ]
    return str(pd.DataFrame(rows).to_markdown(index=False)) if rows else "no text columns"


def _unreadable(key: dg.AssetKey, error: RawTableError) -> dg.AssetCheckResult:
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
