"""What an asset shows about itself in the Dagster UI: previews, schemas, pictures.

Add a form when two assets show the same thing. Keep out: figures; the core computes them.
"""

import base64
from collections.abc import Sequence

import dagster as dg
import ibis.expr.types as ir

from credit_risk.features.terms import Term
from credit_risk.features.units import CATEGORY

# A page of rows and columns that a person takes in without scrolling far.
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 12


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
