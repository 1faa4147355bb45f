"""Reading parts of a version: the right rows and columns, and no byte more than they need.

Bytes are counted where they leave the file system, by a file of a folder that counts what it hands out.
"""

import io

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from pandas.testing import assert_frame_equal

from credit_risk.errors import ModelError
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake

N_CLIENTS, N_FEATURES, ROWS_A_GROUP = 20_000, 60, 1_000

# pyarrow fetches neighbouring chunks in one go with up to 8 KB that nobody asked for in between,
# and begins with the last 64 KB of a file, where the footer is.
HOLE, TAIL = 8_192, 65_536


class CountingFile(io.FileIO):
    """A file that counts the bytes that are read from it."""

    n_bytes = 0

    def read(self, size=-1):
        content = super().read(size)
        CountingFile.n_bytes += len(content)
        return content

    def readinto(self, buffer):
        n = super().readinto(buffer)
        CountingFile.n_bytes += n
        return n


class CountingFileSystem(LocalFileSystem):
    """A folder whose files count."""

    protocol = "counting"

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("counting://"))

    def _open(self, path, mode="rb", block_size=None, **kwargs):
        return CountingFile(path) if mode == "rb" else super()._open(path, mode, block_size, **kwargs)


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    values = {f"F{number}": rng.normal(size=N_CLIENTS) for number in range(N_FEATURES - 1)}
    # Keys with holes, as the real ones have.
    return pd.DataFrame(
        {"SK_ID_CURR": np.arange(N_CLIENTS) * 2 + 100_001, **values, "KIND": rng.choice(["a", "b"], N_CLIENTS)}
    )


@pytest.fixture(scope="module")
def store(features, tmp_path_factory):
    fsspec.register_implementation("counting", CountingFileSystem)
    folder = tmp_path_factory.mktemp("lake")
    store = FeatureStore(Lake(f"counting://{folder}"))
    path = folder / store.file(CLIENT_FEATURES, "v1")
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pandas(features, preserve_index=False), path, row_group_size=ROWS_A_GROUP)
    store.publish(CLIENT_FEATURES, "v1", {})
    return store


@pytest.fixture
def read(store):
    """Read from the version: the frame, and how many bytes that took."""

    def read(**arguments):
        before = CountingFile.n_bytes
        frame = store.frame("v1", **arguments)
        return frame, CountingFile.n_bytes - before

    return read


@pytest.fixture(scope="module")
def footer(store):
    path = store.lake.path(store.file(CLIENT_FEATURES, "v1"))
    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == N_CLIENTS // ROWS_A_GROUP
    return metadata


def chunks(footer, columns, groups):
    """Compressed bytes of some columns in some row groups."""
    names = footer.schema.names
    return sum(
        footer.row_group(group).column(names.index(column)).total_compressed_size
        for group in groups
        for column in columns
    )


def overhead(footer):
    return max(footer.serialized_size + TAIL, 2 * TAIL)


def test_everything_is_the_whole_file(read, features, footer):
    frame, n_bytes = read()
    assert_frame_equal(frame, features)
    assert n_bytes >= chunks(footer, footer.schema.names, range(footer.num_row_groups))


def test_one_client_is_one_row_group(read, features, footer):
    frame, n_bytes = read(clients=[110_001])
    assert_frame_equal(frame, features[features["SK_ID_CURR"] == 110_001].reset_index(drop=True))
    assert n_bytes <= overhead(footer) + chunks(footer, footer.schema.names, [5])
    assert n_bytes < chunks(footer, footer.schema.names, range(footer.num_row_groups)) / 10


def test_one_column_is_its_chunks(read, features, footer):
    frame, n_bytes = read(columns=["F7"])
    assert_frame_equal(frame, features[["F7"]])
    groups = range(footer.num_row_groups)
    assert n_bytes <= overhead(footer) + chunks(footer, ["F7"], groups) + HOLE * len(groups)


def test_one_column_of_one_client_is_two_chunks(read, features, footer):
    frame, n_bytes = read(columns=["F50"], clients=[110_001])
    assert frame.columns.tolist() == ["F50"]
    assert frame["F50"].tolist() == features.loc[features["SK_ID_CURR"] == 110_001, "F50"].tolist()
    assert n_bytes <= overhead(footer) + chunks(footer, ["SK_ID_CURR", "F50"], [5]) + HOLE


def test_clients_between_two_row_groups_cost_nothing_beside_the_footer(read, footer):
    frame, n_bytes = read(clients=[102_000])
    assert frame.empty
    assert frame.columns.tolist() == footer.schema.names
    assert n_bytes <= overhead(footer)


def test_clients_of_several_groups_come_in_the_order_of_the_key_and_unknown_ones_not_at_all(read, features):
    frame, _ = read(columns=["KIND", "SK_ID_CURR"], clients={139_999, 100_001, 100_002, 7, 120_001})
    assert frame["SK_ID_CURR"].tolist() == [100_001, 120_001, 139_999]
    expected = features.set_index("SK_ID_CURR").loc[[100_001, 120_001, 139_999], "KIND"]
    assert frame["KIND"].tolist() == expected.tolist()
    assert read(clients=[])[0].empty


def test_a_file_without_bounds_is_read_and_right(store, features):
    path = store.lake.path(store.file(CLIENT_FEATURES, "v2"))
    table = pa.Table.from_pandas(features, preserve_index=False)
    pq.write_table(table, path, row_group_size=ROWS_A_GROUP, write_statistics=False)
    store.publish(CLIENT_FEATURES, "v2", {})
    assert store.record(CLIENT_FEATURES, "v2").missing == dict.fromkeys(features.columns.drop("SK_ID_CURR"), 0.0)
    assert store.frame("v2", clients=[110_001])["SK_ID_CURR"].tolist() == [110_001]


def test_columns_that_are_not_there_are_all_named(store):
    with pytest.raises(ModelError, match=r"no column NOPE, NEITHER in .*v1\.parquet; expected some of its 61 columns"):
        store.frame("v1", ["F1", "NOPE", "NEITHER"])
