"""A feature table: the features of one source, with the raw tables that they are computed from.

Here: what every source module hands to the join, to assets and to the catalogue. Keep out:
features, and how they are computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from credit_risk.errors import RawTableError
from credit_risk.features.terms import Term

Inputs = Mapping[str, Mapping[str, str]]


# Compared by identity: what is worked out of a table can be remembered for it.
@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The features of one source, keyed by client.

    Attributes:
        name: of the table, and of the module that computes it.
        specifications: its features, in the order of its columns.
        inputs: the raw tables that it reads, in the order in which `features` takes them; for
            each its columns and their types.
        features: raw tables to one row a client with rows there.
    """

    name: str
    specifications: tuple[Term, ...]
    inputs: Inputs
    features: Callable[..., ir.Table]

    def compute(self, sources: Mapping[str, ir.Table]) -> ir.Table:
        """The feature table, from raw tables by name.

        Raises:
            RawTableError: names every table and column that is not there.
        """
        require_columns(sources, self.inputs)
        return self.features(*(sources[name] for name in self.inputs))


def require_columns(tables: Mapping[str, ir.Table], inputs: Inputs) -> None:
    """Check that every table with every column is there.

    Raises:
        RawTableError: names every absent table and column at once.
    """
    absent = [name for name in inputs if name not in tables]
    for name in inputs.keys() & tables.keys():
        absent += [f"{name}.{column}" for column in inputs[name] if column not in tables[name].columns]
    if absent:
        absent.sort()
        raise RawTableError(
            f"no {', '.join(absent)}",
            expected=f"all columns that features read, in {len(inputs)} tables",
            remedy="check the raw tables against the files that they were made of",
            fields={"absent": absent},
        )
