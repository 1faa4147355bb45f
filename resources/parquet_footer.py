"""What a Parquet file of the lake says about itself: rows, and the extents of its columns, without reading a row.

Here: footers of the files that our engines write. Keep out: what follows from it (`credit_risk`).
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from credit_risk.tables.violations import Extent
from resources.lake import Lake
from resources.parquet_writer import NO_NAN

# Writers that state no bounds of a column that holds NaN, or state NaN itself. Arrow's leaves NaN out of the
# bounds without a word, as the format allows: of such a file nothing is known, and the engine is asked, unless the
# file says that it holds none (`parquet_writer`).
TRUSTED_WRITERS = ("DuckDB", "parquet-mr")


@dataclass(frozen=True)
class Footer:
    """A file's own account.

    Attributes:
        rows: how many it has.
        extents: of its columns: what is missing, and of numbers the bounds, as far as they can be believed.
        without_bounds: columns of numbers of which it states none that could: the engine has to be asked.
        ranges: smallest and largest value of each row group, by column.
    """

    rows: int
    extents: dict[str, Extent]
    without_bounds: frozenset[str]
    ranges: dict[str, list[tuple[Any, Any]]]

    def in_order_of(self, column: str) -> bool:
        """Whether the row groups follow each other by a column, so that one value is found in one of them."""
        ranges = self.ranges.get(column, [])
        return bool(ranges) and all(before[1] <= after[0] for before, after in pairwise(ranges))


def read_footer(lake: Lake, name: str) -> Footer:
    """The footer of a Parquet file of the lake.

    Raises:
        FileNotFoundError: there is no such file.
        UnavailableError: the object store does not answer.
    """
    with lake.opened(name) as file:
        return footer_of(file)


def footer_of(source: Path | IO[bytes]) -> Footer:
    """The footer of a Parquet file whose columns all state how many values are missing, as our engines write them."""
    meta = pq.read_metadata(source)
    trusted = str(meta.created_by).startswith(TRUSTED_WRITERS) or NO_NAN in (meta.metadata or {})
    extents: dict[str, Extent] = {}
    ranges: dict[str, list[tuple[Any, Any]]] = {}
    without_bounds = set()
    for position in range(meta.num_columns):
        column = meta.schema.column(position).path
        chunks = [meta.row_group(group).column(position).statistics for group in range(meta.num_row_groups)]
        if not all(chunk is not None and chunk.has_null_count for chunk in chunks):
            without_bounds.add(column)
            continue
        ranges[column] = [(chunk.min, chunk.max) for chunk in chunks if chunk.has_min_max]
        # Of text the bounds may be cut, and nobody asks for them.
        text = meta.schema.column(position).physical_type == "BYTE_ARRAY"
        # A row group without a value has no bounds to state; one with values and without bounds hides them.
        hidden = any(chunk.num_values and not chunk.has_min_max for chunk in chunks)
        believed = trusted and not hidden
        if not text and not believed:
            without_bounds.add(column)
        extents[column] = _extent(meta.num_rows, chunks, ranges[column] if believed and not text else [])
    return Footer(int(meta.num_rows), extents, frozenset(without_bounds), ranges)


def _extent(rows: int, chunks: list[Any], ranges: list[tuple[Any, Any]]) -> Extent:
    missing = sum(chunk.null_count for chunk in chunks)
    if not ranges:
        return Extent(rows, missing)
    return Extent(rows, missing, min(low for low, _ in ranges), max(high for _, high in ranges))
