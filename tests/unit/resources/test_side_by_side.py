import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import RawTableError
from resources import side_by_side as module
from resources.side_by_side import side_by_side


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(module, "ROW_GROUP_ROWS", 3)


@pytest.fixture
def stored(tmp_path):
    """A table of keys and one column, in row groups of two."""

    def store(name, keys):
        table = pa.table({"KEY": pa.array(keys, pa.int64()), name: pa.array([f"{name}{key}" for key in keys])})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=2)
        return pq.ParquetFile(tmp_path / f"{name}.parquet")

    return store


def joined(*files):
    return side_by_side(files[0], files[1:], "KEY").read_all().to_pylist()


def test_each_row_of_the_first_carries_what_the_others_hold_of_its_key(stored):
    rows = joined(stored("A", [1, 3, 5, 7]), stored("B", [3, 4, 7]), stored("C", [1]))
    assert rows == [
        {"KEY": 1, "A": "A1", "B": None, "C": "C1"},
        {"KEY": 3, "A": "A3", "B": "B3", "C": None},
        {"KEY": 5, "A": "A5", "B": None, "C": None},
        {"KEY": 7, "A": "A7", "B": "B7", "C": None},
    ]


def test_a_table_without_rows_leaves_its_columns_missing(stored):
    assert joined(stored("A", [1]), stored("B", [])) == [{"KEY": 1, "A": "A1", "B": None}]


def test_a_first_table_without_rows_has_the_columns_of_all(stored):
    assert side_by_side(stored("A", []), [stored("B", [1])], "KEY").schema.names == ["KEY", "A", "B"]
    assert joined(stored("A", []), stored("B", [1])) == []


@pytest.mark.parametrize("keys", [[1, 2, 2], [2, 1], [1, 2, 3, 3], [4, 5, 6, 1]])
def test_keys_that_do_not_ascend_are_refused(stored, keys):
    with pytest.raises((RawTableError, pa.ArrowInvalid), match="does not ascend"):
        joined(stored("A", keys))
    with pytest.raises((RawTableError, pa.ArrowInvalid), match="does not ascend"):
        joined(stored("A", [100]), stored("B", keys))


keys = st.sets(st.integers(0, 30), max_size=20).map(sorted)


@settings(max_examples=60, deadline=None)
@given(first=keys, second=keys, third=keys)
def test_it_is_a_left_join(tmp_path_factory, first, second, third):
    folder = tmp_path_factory.mktemp("join")
    files = []
    for name, held in zip("ABC", (first, second, third), strict=True):
        table = pa.table({"KEY": pa.array(held, pa.int64()), name: pa.array(held, pa.float64())})
        pq.write_table(table, folder / name, row_group_size=4)
        files.append(pq.ParquetFile(folder / name))
    assert joined(*files) == [
        {
            "KEY": key,
            "A": float(key),
            "B": float(key) if key in second else None,
            "C": float(key) if key in third else None,
        }
        for key in first
    ]
