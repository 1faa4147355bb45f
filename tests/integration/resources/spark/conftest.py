"""A portfolio with everything in it that goes wrong, and both engines over it.

A made-up portfolio comes through the loader of the CSV files; to each table are added rows that no loader would
pass. In them every third value is odd, a different one in each row, so that each column meets each of them.
"""

import math
import os
import runpy
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.features.client import raw_inputs
from credit_risk.tables.catalogue import TABLES
from resources.engine_duckdb import DuckDBEngine
from resources.lake import Lake
from resources.raw_files import convert
from resources.settings import ENV_FILE, REPOSITORY
from simulation.portfolio import synthesize

compute = runpy.run_path(str(Path(__file__).with_name("compute_features.py")))["compute"]

N_CLIENTS = 120
# Three rounds of the odd values through every column.
N_ODD_ROWS = 126

NUMBERS = [None, 0.0, -0.0, 1.0, -1.0, 365243.0, 1e-300, -1e-9, 1e12, -1e15, 1e300, math.inf, -math.inf, math.nan]
WHOLE_NUMBERS = [0, 1, -1, 365243, -42023, None, 2**40]
WORDS = [None, "", "XNA", "XAP", "Active", "Approved", "Refused", "0", "5", "C", "žluťoučký"]

# Clients of odd applications alone, those of nobody who applied, and credits in the same way.
ODD_CLIENTS, NOBODY = 800_000, 900_000

# A JVM that lives for a minute is not worth compiling twice.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="session", autouse=True)
def java_options():
    """For every JVM that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", SHORT_LIVED)
        yield {"JDK_JAVA_OPTIONS": SHORT_LIVED}


@pytest.fixture(scope="session")
def clean_environment(java_options):
    """Of processes that tests start: this one's modules and Java options, and none of the machine's settings."""
    inherited = {k: v for k, v in os.environ.items() if k != "DATABASE_URL" and not k.startswith("CREDIT_")}
    modules = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    return inherited | java_options | {"PYTHONPATH": modules, ENV_FILE: ""}


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    """The eight raw tables, and under `duckdb/` the features that DuckDB makes of them."""
    # What Hadoop, SQL and shells read as something else.
    folder = tmp_path_factory.mktemp("spark") / "lake's [1] a=b"
    lake = Lake(str(folder))
    csv = folder.parent / "csv"
    synthesize(N_CLIENTS, 5, csv)
    with_exponent(csv / "application_train.csv")
    (folder / "raw").mkdir(parents=True)
    for name in raw_inputs():
        loaded = csv / f"{name}.parquet"
        convert(csv / TABLES[name].file_name, loaded, name)
        known = pq.read_table(loaded)
        pq.write_table(pa.concat_tables([known, odd_rows(name, known)]), folder / "raw" / loaded.name)
    compute(DuckDBEngine(lake, folder.parent / "scratch"), "duckdb")
    return lake


def with_exponent(csv):
    header, first, rest = csv.read_text().split("\n", 2)
    fields = first.split(",")
    fields[header.strip().split(",").index("EXT_SOURCE_2")] = "8.173616518884397e-08"
    csv.write_text("\n".join([header, ",".join(fields), rest]))


def odd_rows(name, known):
    """Rows of the table, taken again, with other keys and every third value odd."""
    rows = known.take([i % known.num_rows for i in range(N_ODD_ROWS)])
    for j, field in enumerate(known.schema):
        old = rows[field.name].to_pylist()
        if field.name.startswith("SK_ID"):
            values = odd_keys(name, field.name, old)
        else:
            values = [odd(field.type, (i + j) // 3) if (i + j) % 3 == 0 else old[i] for i in range(N_ODD_ROWS)]
        rows = rows.set_column(j, field.name, pa.array(values, field.type))
    return rows


def odd(kind, i):
    if pa.types.is_floating(kind):
        return NUMBERS[i % len(NUMBERS)]
    if pa.types.is_integer(kind):
        fitting = [value for value in WHOLE_NUMBERS if value is None or abs(value) < 2 ** (kind.bit_width - 1)]
        return fitting[i % len(fitting)]
    return WORDS[i % len(WORDS)]


def odd_keys(name, column, old):
    """Unique where the table's own key is; else clients who applied, odd ones, and nobody, in turn."""
    if (name, column) == ("application_train", "SK_ID_CURR"):
        return [ODD_CLIENTS + 2 * i for i in range(N_ODD_ROWS)]
    if (name, column) == ("application_test", "SK_ID_CURR"):
        return [ODD_CLIENTS + 2 * i + 1 for i in range(N_ODD_ROWS)]
    if (name, column) == ("bureau", "SK_ID_BUREAU"):
        return [ODD_CLIENTS + i for i in range(N_ODD_ROWS)]
    in_turn = cycle([lambda i: old[i], lambda i: ODD_CLIENTS + i // 2, lambda i: NOBODY + i % 5])
    return [key(i) for i, key in enumerate(islice(in_turn, N_ODD_ROWS))]


@pytest.fixture(scope="session")
def odd_numbers():
    """As text: NaN is not equal to itself."""
    return {str(number) for number in NUMBERS}


@pytest.fixture(scope="session")
def stored(lake):
    """`stored("spark", "bureau")`: a table of the lake."""

    def read(folder, name):
        return pq.read_table(lake.path(f"{folder}/{name}.parquet"), partitioning=None)

    return read


@pytest.fixture(scope="session")
def differences(stored):
    """`differences("bureau", "spark")`: columns whose values are not DuckDB's; how many, the first with its client."""

    def compare(name, folder):
        expected, found = (stored(each, name) for each in ("duckdb", folder))
        keys = expected["SK_ID_CURR"].to_pylist()
        apart = {}
        for column in expected.column_names:
            rows = zip(keys, expected[column].to_pylist(), found[column].to_pylist(), strict=True)
            apart[column] = [row for row in rows if not same(*row[1:])]
        return {column: (len(rows), rows[0]) for column, rows in apart.items() if rows}

    return compare


def same(expected, found):
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=1e-9, abs_tol=0.0)
    return type(expected) is type(found) and expected == found
