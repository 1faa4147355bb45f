"""Versions: what a feature table was computed from, as a short name.

Here: hashes of the specifications and of the SQL that they compile to, and of these with the raw
tables. The same code and the same files give the same name, on every machine. Keep out: where a
version is stored.
"""

import hashlib
from collections.abc import Collection, Mapping
from functools import cache

import ibis
import ibis.expr.types as ir

from credit_risk.errors import RawTableError
from credit_risk.features.across_sources import SPECIFICATIONS
from credit_risk.features.client import FEATURE_TABLES, join_clients, raw_inputs
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.rendering import CLIENT
from credit_risk.features.terms import Term
from credit_risk.features.units import CATEGORY

# 64 bits: short enough for a folder name; two versions among a million collide once in 4e7.
LENGTH = 16


@cache
def table_version(table: FeatureTable) -> str:
    """What computes one feature table: its specifications and their SQL, 16 hex digits."""
    sources = {name: ibis.table(dict(columns), name=name) for name, columns in table.inputs.items()}
    return _digest(repr(table.specifications), _sql(table.compute(sources)))


@cache
def code_version() -> str:
    """What computes the client features: every feature table and their join, 16 hex digits."""
    tables = {
        table.name: ibis.table({CLIENT: "int64", **_types(table.specifications)}, name=table.name)
        for table in FEATURE_TABLES
    }
    versions = [table_version(table) for table in FEATURE_TABLES]
    return _digest(*versions, repr(SPECIFICATIONS), _sql(join_clients(tables)))


def source_version(table: FeatureTable, raw_sha256: Mapping[str, str]) -> str:
    """Name of one feature table computed by this code from these files, 16 hex digits.

    Only the files that it reads count: a change of another leaves it as it is.

    Args:
        table: the feature table.
        raw_sha256: the hash of each raw table, by name.

    Raises:
        RawTableError: names every raw table that it reads without a hash.
    """
    return _digest(table_version(table), *_files(table.inputs, raw_sha256))


def feature_version(raw_sha256: Mapping[str, str]) -> str:
    """Name of the client features computed by this code from these files, 16 hex digits.

    Args:
        raw_sha256: the hash of each raw table, by name; of others than features read, none matters.

    Raises:
        RawTableError: names every raw table without a hash.
    """
    return _digest(code_version(), *_files(raw_inputs(), raw_sha256))


def _files(inputs: Collection[str], raw_sha256: Mapping[str, str]) -> list[str]:
    read = sorted(inputs)
    absent = [name for name in read if not raw_sha256.get(name)]
    if absent:
        raise RawTableError(
            f"no hash of {', '.join(absent)}",
            expected=f"one for each of {', '.join(read)}",
            remedy="materialize these raw tables first",
            fields={"absent": absent},
        )
    return [f"{name}={raw_sha256[name]}" for name in read]


def _types(specifications: tuple[Term, ...]) -> dict[str, str]:
    return {term.name: "string" if term.unit == CATEGORY else "float64" for term in specifications}


def _sql(table: ir.Table) -> str:
    return str(ibis.to_sql(table, dialect="duckdb"))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:LENGTH]
