"""What an asset shows about itself in the Dagster UI: previews, schemas, findings, pictures.

Add a form when two assets show the same thing. Keep out: figures; the core computes them.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace

import dagster as dg
import ibis.expr.types as ir
import pandas as pd

from credit_risk.features.terms import Term
from credit_risk.features.units import CATEGORY
from credit_risk.tables.finding import Finding, any_blocking

# A page of rows and columns that a person takes in without scrolling far.
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 12

# A run with this tag takes changes that its checks would refuse; its value, who says so and why, stays on record.
ACCEPT_CHANGES = "credit/accept_changes"


def preview(table: ir.Table) -> dg.MarkdownMetadataValue:
    """The first rows and columns of a table."""
    frame = table.select(table.columns[:PREVIEW_COLUMNS]).limit(PREVIEW_ROWS).execute()
    return dg.MetadataValue.md(frame.to_markdown(index=False))


def column_schema(terms: Sequence[Term]) -> dg.TableSchema:
    """Names, types and descriptions of feature columns."""
    columns = [
        dg.TableColumn(term.name, "string" if term.unit == CATEGORY else "double", description=term.words)
        for term in terms
    ]
    return dg.TableSchema(columns=columns)


def picture(png: bytes, alt: str) -> dg.MarkdownMetadataValue:
    """A PNG picture, shown in place."""
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{base64.b64encode(png).decode()})")


def drawing(svg: str, alt: str) -> dg.MarkdownMetadataValue:
    """An SVG picture, shown in place."""
    return dg.MetadataValue.md(f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})")


def missing_shares(missing: Mapping[str, float]) -> dg.MarkdownMetadataValue:
    """Columns with missing values, the emptiest first."""
    shares = pd.Series(missing, name="missing share", dtype=float).sort_values(ascending=False, kind="stable")
    return dg.MetadataValue.md(
        shares[shares > 0].round(4).to_markdown() if (shares > 0).any() else "nothing is missing"
    )


def finding_check(key: dg.AssetKey, name: str, findings: Sequence[Finding]) -> dg.AssetCheckResult:
    """Findings as the result of a check: an error when one of them blocks, otherwise a warning."""
    rows = [
        {
            "column": finding.column or "",
            "check": finding.check,
            "rows": finding.n_rows,
            "found": finding.found,
            "expected": finding.expected,
            "do this": finding.remedy,
        }
        for finding in sorted(findings, key=lambda finding: not finding.blocking)
    ]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not findings,
        severity=dg.AssetCheckSeverity.WARN if findings and not any_blocking(findings) else dg.AssetCheckSeverity.ERROR,
        description=str(rows[0]["found"]) if rows else None,
        metadata={
            "n_violations": len(rows),
            "violations": dg.MetadataValue.md(pd.DataFrame(rows).to_markdown(index=False) if rows else "none"),
        },
    )


def accepted(findings: Sequence[Finding], tags: Mapping[str, str]) -> list[Finding]:
    """The findings of a run: none of them blocks where its tag accepts changes."""
    return [replace(finding, blocking=False) for finding in findings] if tags.get(ACCEPT_CHANGES) else list(findings)


def acceptance(tags: Mapping[str, str]) -> dict[str, str]:
    """Who accepted the changes of a run and why, as metadata; empty when nobody had to."""
    return {"accepted_changes": tags[ACCEPT_CHANGES]} if tags.get(ACCEPT_CHANGES) else {}
