from dataclasses import replace

import pytest

from credit_risk.errors import RawTableError
from credit_risk.features import bureau
from credit_risk.features.client import raw_inputs
from credit_risk.features.conditions import above
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import aggregate, count
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.version import code_version, feature_version, source_version, table_version


def table_of(*specifications):
    inputs = {"bureau": input_columns(specifications)}
    return FeatureTable("bureau", specifications, inputs, lambda table: summarize(table, bureau.SOURCE, specifications))


DEBT = aggregate(bureau.SOURCE, bureau.DEBT, "SUM")


def late(limit):
    return count(bureau.SOURCE, above("LATE", bureau.DAYS_OVERDUE, limit, "are overdue"))


def test_the_same_specifications_have_the_same_version():
    assert table_version(table_of(DEBT, late(0))) == table_version(table_of(DEBT, late(0)))


@pytest.mark.parametrize(
    "changed",
    [
        table_of(DEBT),
        table_of(late(0), DEBT),
        table_of(aggregate(bureau.SOURCE, bureau.DEBT, "MEAN"), late(0)),
        # What the specification does not show, the SQL does.
        table_of(DEBT, late(30)),
        table_of(DEBT, replace(late(0), words="number of credits in arrears")),
    ],
    ids=["one less", "another order", "another statistic", "another limit", "another description"],
)
def test_a_changed_specification_is_another_version(changed):
    assert table_version(changed) != table_version(table_of(DEBT, late(0)))


def test_a_changed_source_changes_the_version_of_the_whole(monkeypatch):
    before = code_version()
    monkeypatch.setattr("credit_risk.features.version.table_version", lambda table: f"other {table.name}")
    # Past the cache, which the other tests may have filled, and which must not keep this.
    assert code_version.__wrapped__() != before


def test_a_feature_version_is_named_by_code_and_files():
    hashes = dict.fromkeys(raw_inputs(), "a" * 64)
    version = feature_version(hashes)
    assert len(version) == 16
    assert feature_version(dict(reversed(hashes.items()))) == version
    assert feature_version({**hashes, "bureau": "b" * 64}) != version
    assert feature_version({**hashes, "other": "b" * 64}) == version


def test_files_without_a_hash_are_named():
    hashes = dict.fromkeys(raw_inputs(), "a" * 64) | {"bureau": ""}
    del hashes["application_test"]
    with pytest.raises(RawTableError, match="no hash of application_test, bureau; expected one for each"):
        feature_version(hashes)


def test_a_source_is_as_new_as_the_files_that_it_reads():
    hashes = dict.fromkeys(raw_inputs(), "a" * 64)
    version = source_version(bureau.TABLE, hashes)
    assert source_version(bureau.TABLE, {**hashes, "bureau_balance": "b" * 64}) == version
    assert source_version(bureau.TABLE, {**hashes, "bureau": "b" * 64}) != version


def test_a_source_needs_no_hash_of_what_it_does_not_read():
    with pytest.raises(RawTableError, match="no hash of bureau; expected one for each of bureau; materialize"):
        source_version(bureau.TABLE, {"application_train": "a" * 64})
