"""Levels of categories against the last accepted version: gone, spelled otherwise, new, shifted, or as they were."""

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.tables.levels import ALL_LEVELS_FROM, MOST_LEVELS, Use, level_counts, level_findings

BEFORE = {"Closed": 6300, "Active": 3600, "Sold": 90, "Bad debt": 10}
FILTERED = Use(read=True, named=frozenset({"Active", "Closed"}))
UNREAD = Use()


def findings(before, after, use=FILTERED, *, units=1000):
    return level_findings("bureau", "CREDIT_ACTIVE", before, after, use, lambda: units)


def checks(*arguments, **keywords):
    return [(finding.check, finding.blocking) for finding in findings(*arguments, **keywords)]


def renamed(old, new):
    return {new if level == old else level: n for level, n in BEFORE.items()}


def without(level):
    return {name: n for name, n in BEFORE.items() if name != level}


def test_the_same_levels_are_no_finding():
    assert findings(BEFORE, BEFORE) == []


def test_a_level_that_features_name_and_that_is_gone_blocks():
    (gone, *_) = findings(BEFORE, without("Active"))
    assert (gone.check, gone.n_rows, gone.blocking) == ("level_gone", 3600, True)
    assert gone.found == "no row of bureau.CREDIT_ACTIVE with 'Active', which 36.0 % of the rows had"
    assert gone.expected == "every level that features name"


def test_a_level_under_another_word_is_gone_and_new_and_the_column_shifted():
    assert checks(BEFORE, renamed("Active", "Open")) == [
        ("level_gone", True),
        ("level_new", False),
        ("levels_shifted", False),
    ]


def test_a_level_spelled_otherwise_is_named_with_its_spelling():
    (finding,) = findings(BEFORE, renamed("Active", "ACTIVE "))
    assert (finding.check, finding.n_rows, finding.blocking) == ("level_respelled", 3600, True)
    assert finding.found == "3,600 rows of bureau.CREDIT_ACTIVE spelled otherwise: 'ACTIVE ' for 'Active'"


def test_a_level_that_half_of_the_rows_spell_otherwise_is_named():
    half = BEFORE | {"Active": 1800, "active": 1800}
    assert checks(BEFORE, half) == [("level_respelled", True)]


def test_an_accent_is_a_spelling():
    (finding,) = findings({"Café": 500, "Bar": 500}, {"Cafe": 500, "Bar": 500})
    assert finding.check == "level_respelled"


def test_signs_alone_are_no_spelling_of_each_other():
    assert checks({"+": 500, "x": 500}, {"+": 500, "x": 490, "-": 10}) == [("level_new", False)]


def test_a_rare_level_may_be_absent_by_chance():
    assert findings(BEFORE, without("Bad debt")) == []


def test_a_rare_level_that_many_clients_had_is_a_warning():
    use = Use(read=True, named=frozenset({"Active"}))
    assert checks(BEFORE, without("Bad debt"), use, units=100_000) == [("level_gone", False)]


def test_a_rare_level_that_features_name_and_that_many_clients_had_blocks():
    use = Use(read=True, named=frozenset({"Bad debt"}))
    assert checks(BEFORE, without("Bad debt"), use, units=100_000) == [("level_gone", True)]


def test_a_common_level_of_a_column_that_features_read_as_it_is_blocks():
    assert checks(BEFORE, without("Active"), Use(read=True))[0] == ("level_gone", True)


def test_what_becomes_of_a_column_that_no_feature_reads_never_blocks():
    for after in (without("Active"), renamed("Active", "active"), {"else": 10_000}):
        found = checks(BEFORE, after, UNREAD)
        assert found
        assert not any(blocking for _, blocking in found)


def test_new_levels_are_one_warning_with_the_most_frequent_first():
    new = dict(zip("pqrstuv", range(7, 0, -1), strict=True))
    (finding,) = findings(BEFORE, BEFORE | new)
    assert (finding.check, finding.blocking, finding.n_rows) == ("level_new", False, 28)
    assert finding.found.startswith("7 new levels in 28 rows of bureau.CREDIT_ACTIVE: 'p', 'q', 'r', 's', 't', ...")


def test_shares_that_moved_by_more_than_a_tenth_are_a_warning_with_the_level_that_moved_most():
    after = {"Closed": 4300, "Active": 5600, "Sold": 90, "Bad debt": 10}
    (finding,) = findings(BEFORE, after)
    assert (finding.check, finding.blocking) == ("levels_shifted", False)
    assert finding.found.endswith(": 'Active' in 56.0 % instead of 36.0 %")


def test_a_column_of_which_most_rows_changed_their_level_blocks():
    assert checks({"a": 9000, "b": 1000}, {"a": 1000, "b": 9000}) == [("levels_shifted", True)]


def test_the_rows_of_few_clients_shift_by_chance():
    before, after = {"a": 5000, "b": 5000}, {"a": 6200, "b": 3800}
    assert checks(before, after, units=10_000) == [("levels_shifted", False)]
    assert findings(before, after, units=20) == []


def test_free_text_is_no_category():
    text = {f"word {i}": 1 for i in range(MOST_LEVELS + 1)}
    (finding,) = findings(BEFORE, text)
    assert (finding.check, finding.blocking) == ("free_text", True)
    assert "more than 1,000 levels in bureau.CREDIT_ACTIVE ('word 0', 'word 1', ...)" in finding.found


def test_an_empty_column_is_none_of_this_rule():
    assert findings(BEFORE, {}) == []


def test_a_first_version_with_the_levels_that_features_name_is_no_finding():
    assert findings(None, BEFORE) == []


def test_a_first_version_with_none_of_them_blocks():
    (finding,) = findings(None, {"A": 7000, "B": 3000}, units=5000)
    assert (finding.check, finding.blocking) == ("level_gone", True)
    assert "none of the levels of bureau.CREDIT_ACTIVE that features name ('Active', 'Closed'), but 'A', 'B'" in (
        finding.found
    )


def test_a_first_version_that_spells_them_otherwise_blocks_however_small():
    assert checks(None, {"active": 3, "Closed": 5}, units=8) == [("level_respelled", True)]


def test_a_first_version_of_few_clients_may_lack_levels():
    assert findings(None, {"A": 70, "B": 30}, units=100) == []
    assert findings(None, {"Closed": 10_000}, units=5000) == []


def test_a_large_first_version_without_a_level_that_features_name_is_a_warning():
    assert checks(None, {"Closed": 10**6}, units=ALL_LEVELS_FROM) == [("level_absent", False)]


@given(
    weights=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=8),
    n=st.integers(1_000, 20_000),
    seed=st.integers(0, 2**32 - 1),
)
def test_two_samples_of_one_population_block_nothing(weights, n, seed):
    shares = np.array(weights) / sum(weights)
    first, second = np.random.default_rng(seed).multinomial(n, shares, 2)
    before, after = ({str(i): int(count) for i, count in enumerate(counts) if count} for counts in (first, second))
    assert [check for check, _ in checks(before, after, Use(read=True), units=n) if check != "level_new"] == []


def test_levels_are_counted_in_the_engine_most_frequent_first_and_missing_ones_left_out():
    table = ibis.memtable(pa.table({"A": ["y", "x", "x", None], "B": ["q", "q", "p", "p"], "C": [None] * 4}))
    table = table.cast({"C": "string"})
    assert level_counts(table, ["A", "B", "C"]) == {"A": {"x": 2, "y": 1}, "B": {"p": 2, "q": 2}, "C": {}}
    assert list(level_counts(table, ["A"])["A"]) == ["x", "y"]


def test_of_free_text_only_the_most_frequent_levels_leave_the_engine():
    table = ibis.memtable(pa.table({"A": [f"{i:05}" for i in range(MOST_LEVELS * 2)]}))
    assert len(level_counts(table, ["A"])["A"]) == MOST_LEVELS + 1


def test_without_text_columns_nothing_is_asked():
    assert level_counts(ibis.memtable(pa.table({"A": [1]})), []) == {}


@pytest.mark.parametrize("units", [1, 10, 10_000])
def test_the_clients_are_not_counted_when_nothing_changed(units):
    asked = []
    level_findings("bureau", "CREDIT_ACTIVE", BEFORE, dict(BEFORE), FILTERED, lambda: asked.append(units) or units)
    assert asked == []
