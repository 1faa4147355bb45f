"""What is known of a raw table besides its columns: its file, its keys, and where its rows point.

Add a field when every table has an answer to it. Keep out: the columns (one module a table) and file reading.
"""

from dataclasses import dataclass

import pandera.ibis as pa


@dataclass(frozen=True)
class ForeignKey:
    """A column whose values are keys of other tables; a key may be found in any of them."""

    column: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class RawTable:
    """One of the eight tables.

    Attributes:
        name: the name of the table, as in its file.
        schema: columns in file order, with types, checks and descriptions.
        description: what the table holds, in one sentence.
        grain: what one row is.
        key: the column that no two rows share; None where a row is a month or a payment.
        parents: where the keys of its rows point; a row may point nowhere.
    """

    name: str
    schema: pa.DataFrameSchema
    description: str
    grain: str
    key: str | None = None
    parents: tuple[ForeignKey, ...] = ()

    @property
    def file_name(self) -> str:
        """The file in which the table comes."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in file order."""
        return tuple(self.schema.columns)


# A history row belongs to an application that is labelled or to one that is not yet.
CLIENT = ForeignKey("SK_ID_CURR", ("application_train", "application_test"))
PREVIOUS_CREDIT = ForeignKey("SK_ID_PREV", ("previous_application",))
