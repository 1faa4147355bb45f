"""A reference made ready once: what is kept of it, and what cannot be prepared."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import DriftError
from credit_risk.two_sample.prepared import PreparedReference


@pytest.fixture
def frame():
    return pd.DataFrame({"income": [3.0, np.nan, 1.0], "job": ["cook", None, "cook"], "empty": [None, None, None]})


def test_numbers_are_sorted_and_levels_counted_without_what_is_missing(frame):
    prepared = PreparedReference.of(frame)
    assert prepared.numbers["income"].tolist() == [1.0, 3.0]
    assert prepared.levels["job"] == {"cook": 2}
    assert prepared.kinds == {"income": "numeric", "job": "categorical", "empty": None}
    assert prepared.n_rows == 3


def test_only_the_features_named_are_prepared_and_all_columns_known(frame):
    prepared = PreparedReference.of(frame, ["job", "job"])
    assert prepared.features == ("job",)
    assert prepared.columns == ("income", "job", "empty")


def test_long_columns_are_the_same_with_one_thread_and_with_two():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(np.where(rng.random((21_000, 5)) < 0.3, np.nan, rng.normal(size=(21_000, 5))))
    frame.columns = list("abcde")
    one, two = (PreparedReference.of(frame, threads=threads) for threads in (1, 2))
    for name in frame.columns:
        np.testing.assert_array_equal(one.numbers[name], two.numbers[name])


def test_doubled_and_absent_features_are_all_named(frame):
    doubled = pd.concat([frame, frame[["job"]]], axis=1)
    with pytest.raises(DriftError, match=r"reference: job, GHOST") as caught:
        PreparedReference.of(doubled, ["income", "job", "GHOST"])
    assert caught.value.fields["reference"] == ["job", "GHOST"]


def test_a_reference_without_rows_is_refused(frame):
    with pytest.raises(DriftError, match="a reference of 0 rows"):
        PreparedReference.of(frame.head(0))
