"""Two stored versions side by side."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import ModelError
from resources.feature_diff import COLUMNS_AT_ONCE
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake


@pytest.fixture
def store(tmp_path):
    return FeatureStore(Lake(str(tmp_path)))


@pytest.fixture
def write(store):
    """`write(version, frame)`: a version of the client features."""

    def write(version, frame, *, code_version="c1", **raw):
        store.lake.write_frame(store.file(CLIENT_FEATURES, version), frame)
        digests = {"bureau": "aa", "application_train": "tt"} | raw
        store.commit(store.describe(CLIENT_FEATURES, version, code_version=code_version, raw_sha256=digests))

    return write


BEFORE = pd.DataFrame(
    {
        "SK_ID_CURR": [1, 2, 3, 4],
        "SAME": [1.0, np.nan, 3.0, 4.0],
        "MOVED": [1.0, 2.0, 3.0, 4.0],
        "GONE": [0.0] * 4,
        "KIND": ["a", "b", None, "a"],
    }
)
AFTER = pd.DataFrame(
    {
        "SK_ID_CURR": [2, 3, 4, 5, 6],
        "SAME": [np.nan, 3.0, 4.0, 5.0, np.nan],
        "MOVED": [2.0, 3.5, np.nan, 5.0, 6.0],
        "KIND": ["b", "c", "a", "a", "a"],
        "NEW": [1.0] * 5,
    }
)


def test_what_changed_is_told_by_feature(store, write):
    write("v1", BEFORE)
    write("v2", AFTER, code_version="c2", bureau="bb", previous_application="pp")
    diff = store.diff("v1", "v2")
    assert (diff.added, diff.removed, diff.unchanged) == (("NEW",), ("GONE",), ("SAME",))
    assert (diff.n_common, diff.only_before, diff.only_after) == (3, (1,), (5, 6))
    assert [(c.feature, c.differing) for c in diff.changed] == [("MOVED", 2 / 3), ("KIND", 1 / 3)]
    moved, kind = diff.changed
    assert (moved.missing_before, moved.missing_after) == (0.0, 0.2)
    assert (moved.mean_before, moved.mean_after) == (2.5, pytest.approx(16.5 / 4))
    assert (kind.missing_before, kind.missing_after, kind.mean_before) == (0.25, 0.0, None)
    assert diff.raw_changed == ("bureau", "previous_application")
    assert not diff.same_code


def test_more_columns_than_are_read_at_once_are_all_compared(store, write):
    n = 2 * COLUMNS_AT_ONCE + 1
    wide = pd.DataFrame({"SK_ID_CURR": [1, 2]} | {f"F{i}": [0.0, 1.0] for i in range(n)})
    write("v1", wide)
    write("v2", wide.assign(F0=[0.0, 2.0], **{f"F{n - 1}": [9.0, 9.0]}))
    diff = store.diff("v1", "v2")
    assert [c.feature for c in diff.changed] == [f"F{n - 1}", "F0"]
    assert len(diff.unchanged) == n - 2
    assert diff.same_code
    assert diff.raw_changed == ()


def test_a_diff_for_machines_counts_clients_and_names_none(store, write):
    write("v1", BEFORE)
    write("v2", AFTER)
    told = store.diff("v1", "v2").to_dict()
    assert told["clients"] == {"common": 3, "only_before": 1, "only_after": 2}
    assert told["changed"][1] == {
        "feature": "KIND",
        "differing": pytest.approx(1 / 3),
        "missing_before": 0.25,
        "missing_after": 0.0,
        "mean_before": None,
        "mean_after": None,
    }


def test_a_version_that_is_not_there_is_named(store, write):
    write("v1", BEFORE)
    with pytest.raises(ModelError, match="no version v9 of client_features"):
        store.diff("v1", "v9")
