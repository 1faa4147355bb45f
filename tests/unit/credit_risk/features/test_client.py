import math
import re
import subprocess
import sys

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import RawTableError
from credit_risk.features.across_sources import SPECIFICATIONS
from credit_risk.features.client import FEATURE_TABLES, FEATURES, client_features, raw_inputs
from credit_risk.features.grammar import Summary
from credit_risk.features.rendering import CLIENT
from credit_risk.features.statistics import STATISTICS
from credit_risk.features.terms import Raw
from credit_risk.features.units import CATEGORY

ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}
KEYS = {"SK_ID_CURR", "SK_ID_BUREAU"}


class Portfolio:
    """All raw tables in one database, and the features over them as a prepared statement: planned once, run often."""

    def __init__(self):
        self.connection = ibis.duckdb.connect()
        sources = {name: self.connection.create_table(name, schema=types) for name, types in raw_inputs().items()}
        # A prepared plan would go on believing the statistics of the rows that were there when it was made.
        self.connection.con.execute("set disabled_optimizers = 'statistics_propagation'")
        self.connection.con.execute(f"prepare features as {self.connection.compile(client_features(sources))}")

    def features(self, tables):
        """The features of these rows; a table that is not named has none."""
        for name, columns in raw_inputs().items():
            schema = pa.schema([(column, ARROW[kind]) for column, kind in columns.items()])
            loaded = pa.Table.from_pylist(tables.get(name, []), schema=schema)
            self.connection.con.register("loaded", loaded)
            self.connection.con.execute(f'delete from "{name}"; insert into "{name}" select * from loaded')
        return self.connection.con.execute("execute features").to_arrow_table().to_pylist()


@pytest.fixture(scope="module")
def portfolio():
    return Portfolio()


def applicants(*keys):
    return [{"SK_ID_CURR": key, "AMT_INCOME_TOTAL": 100_000.0, "AMT_ANNUITY": 6_000.0} for key in keys]


def test_train_and_test_clients_have_one_row_each_by_key(portfolio):
    bureau = [{"SK_ID_CURR": key, "SK_ID_BUREAU": number} for number, key in enumerate([2, 2, 3, 3, 3])]
    tables = {"application_train": applicants(3, 1), "application_test": applicants(2), "bureau": bureau}
    rows = portfolio.features(tables)
    assert [(row["SK_ID_CURR"], row["BUREAU_COUNT"]) for row in rows] == [(1, None), (2, 2.0), (3, 3.0)]


def test_a_client_without_history_has_missing_values_not_zeros(portfolio):
    (row,) = portfolio.features({"application_train": applicants(1)})
    of_histories = [term.name for table in FEATURE_TABLES[1:] for term in table.specifications]
    assert {row[name] for name in of_histories} == {None}


def test_histories_of_nobody_who_applied_are_left_out(portfolio):
    tables = {"application_train": applicants(1), "bureau": [{"SK_ID_CURR": 77, "SK_ID_BUREAU": 1}]}
    assert [row["SK_ID_CURR"] for row in portfolio.features(tables)] == [1]


def test_features_across_sources_set_the_application_against_the_history(portfolio):
    bureau = {"SK_ID_CURR": 1, "SK_ID_BUREAU": 1, "CREDIT_ACTIVE": "Active", "AMT_CREDIT_SUM_DEBT": 50_000.0}
    previous = {"SK_ID_CURR": 1, "NAME_CONTRACT_STATUS": "Approved", "AMT_ANNUITY": 4_000.0}
    tables = {"application_train": applicants(1), "bureau": [bureau], "previous_application": [previous]}
    (row,) = portfolio.features(tables)
    assert row["BUREAU_ACTIVE_AMT_CREDIT_SUM_DEBT_SUM_TO_AMT_INCOME_TOTAL"] == 0.5
    assert row["AMT_ANNUITY_TO_PREVIOUS_APPROVED_AMT_ANNUITY_MEAN"] == 1.5


def test_the_label_is_never_among_the_features():
    sources = {name: ibis.table(columns, name=name) for name, columns in raw_inputs().items()}
    sources["application_train"] = ibis.table({**raw_inputs()["application_train"], "TARGET": "int64"}, name="train")
    assert "TARGET" not in client_features(sources).columns


def test_columns_are_floats_and_text_in_the_order_of_the_features():
    sources = {name: ibis.table(columns, name=name) for name, columns in raw_inputs().items()}
    schema = client_features(sources).schema()
    expected = {term.name: "string" if term.unit == CATEGORY else "float64" for term in FEATURES}
    assert {name: str(kind) for name, kind in schema.items()} == {CLIENT: "int64", **expected}
    assert list(schema)[1:] == [term.name for term in FEATURES]


def test_absent_tables_are_all_named():
    with pytest.raises(RawTableError, match="found no POS_CASH_balance, application_test, application_train, bureau"):
        client_features({})


def dated_after_the_application(name):
    """A row of a history whose dates lie one day or month ahead."""
    (source,) = {part.source for part in histories(name) if part.source.groups_of is None}
    return {"SK_ID_CURR": 1, "SK_ID_BUREAU": 1, **dict.fromkeys((date.name for date in source.dates), 1.0)}


def histories(name):
    terms = (term for table in FEATURE_TABLES for term in table.specifications)
    return [part for term in terms for part in term.walk() if isinstance(part, Summary) and part.source.table == name]


@pytest.mark.parametrize("name", [name for name in raw_inputs() if not name.startswith("application")])
def test_no_feature_looks_past_the_application(portfolio, name):
    row = {key: value for key, value in dated_after_the_application(name).items() if key in raw_inputs()[name]}
    owner = [{"SK_ID_CURR": 1, "SK_ID_BUREAU": 1}] if name == "bureau_balance" else []
    before = portfolio.features({"application_train": applicants(1), "bureau": owner})
    tables = {"application_train": applicants(1), "bureau": owner}
    assert portfolio.features({**tables, name: [*tables.get(name, []), row]}) == before


NUMBERS = [None, 0.0, -0.0, 1.0, -1.0, 365243.0, 1e-300, -1e-9, 1e12, -1e15, 1e300, math.inf, -math.inf, math.nan]
WORDS = [None, "", "XNA", "Active", "Approved", "Refused", "Credit card", "0", "5", "C"]


def hostile_row(name, rng):
    """Keys of few clients; else the numbers and words that go wrong, and some that do not."""
    row = {}
    for column, kind in raw_inputs()[name].items():
        if column in KEYS:
            row[column] = int(rng.integers(1, 4))
        elif kind == "string":
            row[column] = WORDS[rng.integers(len(WORDS))]
        else:
            usual = [float(rng.uniform(-3000, 3000)), float(rng.uniform(-30, 0))]
            row[column] = [*NUMBERS, *usual][rng.integers(len(NUMBERS) + 2)]
    return row


# Drawn from a seed: Hypothesis takes longer to draw a thousand values than features to compute.
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_no_table_gives_a_value_that_is_not_a_number(portfolio, seed):
    rng = np.random.default_rng(seed)
    tables = {name: [hostile_row(name, rng) for _ in range(rng.integers(9))] for name in raw_inputs()}
    for first, name in enumerate(["application_train", "application_test"]):
        tables[name] = [{**hostile_row(name, rng), "SK_ID_CURR": key} for key in (1 + 2 * first, 2 + 2 * first)]
    rows = portfolio.features(tables)
    assert [row["SK_ID_CURR"] for row in rows] == [1, 2, 3, 4]
    numbers = [(name, value) for row in rows for name, value in row.items() if isinstance(value, float)]
    assert [name for name, value in numbers if not math.isfinite(value)] == []


def test_threads_and_order_of_rows_move_no_bit():
    rng = np.random.default_rng(5)
    # Enough rows for DuckDB to split them among threads (122,880 to a group).
    size = 300_000
    payments = pa.table(
        {
            "SK_ID_CURR": rng.integers(1, 50, size),
            **{
                column: rng.integers(1, 9_999_999, size) / 1000.0
                if column.startswith("AMT")
                else -rng.integers(1, 2000, size).astype(float)
                for column in raw_inputs()["installments_payments"]
                if column != "SK_ID_CURR"
            },
        }
    )
    connection = ibis.duckdb.connect()
    compute = next(table for table in FEATURE_TABLES if table.name == "installments_payments")
    results = []
    for threads, rows in [(1, payments), (4, payments.take(rng.permutation(size)))]:
        connection.con.execute(f"set threads = {threads}")
        connection.con.register("installments_payments", rows)
        source = connection.table("installments_payments")
        features = compute.compute({"installments_payments": source}).order_by(CLIENT)
        results.append(connection.to_pyarrow(features))
    assert results[0].equals(results[1])


def test_there_are_enough_features_and_each_is_named_once():
    names = [term.name for term in FEATURES]
    assert len(names) >= 419
    assert len(set(names)) == len(names)


def test_names_suit_lightgbm_and_postgresql():
    # LightGBM refuses other characters; PostgreSQL cuts a column's name at 63.
    assert [term.name for term in FEATURES if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", term.name)] == []


def test_a_name_means_one_thing_within_its_source():
    for table in FEATURE_TABLES:
        meanings = {}
        for part in (part for term in table.specifications for part in term.walk()):
            assert meanings.setdefault(part.name, part) == part


def parsed(name):
    """Whether the grammar can read a name: a column or a name of its own, a summary, or two of them and a word."""
    if name in ATOMS or GROUP.fullmatch(name) or any(is_summary(name, source) for source in SUMMARIES):
        return True
    for word in ("_TO_", "_PLUS_", "_MINUS_", "_TIMES_"):
        parts = name.split(word)
        for cut in range(1, len(parts)):
            first, second = word.join(parts[:cut]), word.join(parts[cut:])
            prefixes = [source.prefix for source in SUMMARIES if first.startswith(source.prefix)]
            if parsed(first) and (parsed(second) or any(parsed(f"{prefix}_{second}") for prefix in prefixes)):
                return True
    return False


def is_summary(name, source):
    filters = {item.name for part in SUMMARIES[source] for item in part.filters}
    measures = {term.name for part in SUMMARIES[source] for reading in part.readings for term in reading.terms}
    any_filter = "|".join(sorted(filters, key=len, reverse=True))
    any_measure = "|".join(sorted(measures, key=len, reverse=True))
    ending = f"COUNT|SHARE|(?:{any_measure})_(?:{'|'.join(STATISTICS)}|DISTINCT)"
    return re.fullmatch(f"{source.prefix}(?:_(?:{any_filter}))*_(?:{ending})", name) is not None


SUMMARIES = {}
for _term in FEATURES:
    for _part in _term.walk():
        if isinstance(_part, Summary):
            SUMMARIES.setdefault(_part.source, set()).add(_part)
ATOMS = {part.name for term in FEATURES for part in term.walk() if isinstance(part, Raw) or part.definition}
GROUP = re.compile(
    "(EXT_SOURCE|EXT_SOURCE_WEIGHTED|DOCUMENTS|CONTACTS|MISMATCHES|REGION_MISMATCHES|ENQUIRIES|RECENT_ENQUIRIES"
    "|BUILDING|BUILDING_MODE)_(MEAN|SUM|MIN|MAX|STD|PRODUCT|PRESENT)"
)


def test_every_name_follows_the_grammar():
    assert [term.name for term in FEATURES if not parsed(term.name)] == []


def leaves(term):
    """The columns from which a term is computed once every source is summarized."""
    if isinstance(term, Raw | Summary):
        return {term.name}
    return {name for part in term.parts for name in leaves(part)}


def test_a_feature_across_sources_reads_stored_features_only():
    stored = {term.name for table in FEATURE_TABLES for term in table.specifications}
    assert {name for term in SPECIFICATIONS for name in leaves(term)} <= stored


def test_importing_the_features_stays_light():
    heavy = "{'pandas', 'sklearn', 'lightgbm', 'dagster', 'mlflow', 'fastapi', 'scipy'}"
    program = f"import sys, credit_risk.features.client; print({heavy} & set(sys.modules) or 'light')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "light"


def test_debts_that_are_not_there_add_nothing(portfolio):
    previous = {"SK_ID_CURR": 1, "NAME_CONTRACT_STATUS": "Approved", "AMT_ANNUITY": 4_000.0, "DAYS_LAST_DUE": 365243.0}
    tables = {"application_train": applicants(1, 2), "previous_application": [previous]}
    burdened, free = portfolio.features(tables)
    assert (burdened["ALL_ANNUITIES_TO_AMT_INCOME_TOTAL"], free["ALL_ANNUITIES_TO_AMT_INCOME_TOTAL"]) == (0.1, 0.06)
