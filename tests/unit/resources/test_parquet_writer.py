import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.parquet_writer import DICTIONARY_VALUES, NO_NAN, ROW_GROUP_ROWS, write_parquet

SCHEMA = pa.schema([("client", pa.int64()), ("amount", pa.float64()), ("level", pa.string())])


def batch(start: int, rows: int) -> pa.RecordBatch:
    clients = np.arange(start, start + rows)
    levels = pa.array(["a" if client % 2 else None for client in clients])
    return pa.RecordBatch.from_arrays([pa.array(clients), pa.array(clients / 7), levels], schema=SCHEMA)


def written(folder, *batches):
    file = folder / "table.parquet"
    return write_parquet(pa.RecordBatchReader.from_batches(batches[0].schema, iter(batches)), file), file


def test_rows_come_back_in_their_order(tmp_path):
    batches = [batch(0, ROW_GROUP_ROWS), batch(ROW_GROUP_ROWS, 5)]
    rows, file = written(tmp_path, *batches)
    assert rows == ROW_GROUP_ROWS + 5
    assert pq.read_table(file).equals(pa.Table.from_batches(batches))


def test_every_batch_is_a_row_group(tmp_path):
    _, file = written(tmp_path, *(batch(start, ROW_GROUP_ROWS) for start in (0, ROW_GROUP_ROWS)), batch(40_000, 3))
    metadata = pq.read_metadata(file)
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert groups == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 3]


def test_only_columns_of_few_values_have_a_dictionary(tmp_path):
    _, file = written(tmp_path, batch(0, DICTIONARY_VALUES + 1))
    columns = pq.read_metadata(file).row_group(0)
    by_name = {columns.column(i).path_in_schema: columns.column(i).has_dictionary_page for i in range(3)}
    assert by_name == {"client": False, "amount": False, "level": True}


def test_a_file_without_nan_says_so(tmp_path):
    _, file = written(tmp_path, batch(0, 3))
    assert NO_NAN in pq.read_metadata(file).metadata


def test_a_file_with_nan_in_any_batch_does_not(tmp_path):
    strange = pa.RecordBatch.from_arrays([pa.array([9]), pa.array([math.nan]), pa.array(["a"])], schema=SCHEMA)
    _, file = written(tmp_path, batch(0, 3), strange)
    assert NO_NAN not in pq.read_metadata(file).metadata


def test_no_batch_is_a_table_without_rows(tmp_path):
    file = tmp_path / "empty.parquet"
    assert write_parquet(pa.RecordBatchReader.from_batches(SCHEMA, iter([])), file) == 0
    assert pq.read_table(file).schema.equals(SCHEMA)


def test_what_fails_while_rows_are_made_is_raised(tmp_path):
    def failing():
        yield batch(0, 3)
        raise OSError("the disk of the source is gone")

    with pytest.raises(OSError, match="the disk of the source is gone"):
        write_parquet(pa.RecordBatchReader.from_batches(SCHEMA, failing()), tmp_path / "t.parquet")
