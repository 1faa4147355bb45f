"""The training reference: rows in real PostgreSQL, the sample in the lake, neither ever overwritten."""

import threading

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from credit_risk.errors import ModelError
from credit_risk.reference import reference_statistics
from resources.lake import Lake
from resources.training_reference import TrainingReference


@pytest.fixture
def reference(postgres, tmp_path):
    return TrainingReference(postgres, Lake(str(tmp_path)))


@pytest.fixture
def sample():
    numbers = {"A": [1.0, 2.0, np.nan, 4.0], "NEVER_KNOWN": [np.nan] * 4}
    return pd.DataFrame(numbers | {"KIND": ["a", None, "b", "a"]})


def rows(reference):
    query = "SELECT * FROM credit.training_reference ORDER BY model_version, feature_name"
    with reference.database.connect() as connection:
        return connection.execute(query).fetchall()


def test_statistics_and_sample_are_stored_under_the_version(reference, sample):
    address = reference.store("3", reference_statistics(sample), sample)
    statistics = (7 / 3, np.std([1, 2, 4], ddof=1), 2.0, 1.5, 3.0, 3)
    assert rows(reference) == [
        ("3", "A", *map(pytest.approx, statistics)),
        # Nothing is known of it: null, not NaN.
        ("3", "NEVER_KNOWN", None, None, None, None, None, 0),
    ]
    assert_frame_equal(reference.sample("3"), sample)
    assert address == reference.lake.uri("reference/3.parquet")


def test_what_is_there_is_never_overwritten_nor_added_to(reference, sample):
    reference.store("3", reference_statistics(sample), sample)
    before = rows(reference)
    other = sample.assign(A=99.0, B=1.0)
    reference.store("3", reference_statistics(other), other)
    assert rows(reference) == before
    assert_frame_equal(reference.sample("3"), sample)


def test_each_version_has_its_own(reference, sample):
    reference.store("3", reference_statistics(sample), sample)
    reference.store("4", reference_statistics(sample + sample), sample + sample)
    assert {row[0] for row in rows(reference)} == {"3", "4"}
    assert reference.sample("4")["A"].max() == 8.0


def test_two_stores_at_once_leave_one_set_of_rows(reference, sample):
    threads = [
        threading.Thread(target=reference.store, args=("3", reference_statistics(sample), sample)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row[:2] for row in rows(reference)] == [("3", "A"), ("3", "NEVER_KNOWN")]


def test_a_version_without_a_reference_is_named(reference):
    with pytest.raises(ModelError, match=r"no training reference of model 9; expected reference/9\.parquet"):
        reference.sample("9")
