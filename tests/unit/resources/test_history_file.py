import json
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources import history_file
from resources.history_file import HistoryError, HistoryFile

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rows(n=3, **columns):
    """A table of n valid rows with other columns, or other values in them; None leaves a column out."""
    values = {
        "created_at": [NOON + timedelta(hours=i) for i in range(n)],
        "sk_id_curr": [100_001 + i for i in range(n)],
        "probability": [0.1 * (i + 1) for i in range(n)],
        "threshold": [0.2] * n,
        "features": [json.dumps({"AMT_CREDIT": 1000.5 + i}) for i in range(n)],
    } | columns
    return pa.table({name: column for name, column in values.items() if column is not None})


@pytest.fixture
def written(tmp_path):
    """Write a table and open it as the history of `old`."""

    def write(table):
        pq.write_table(table, tmp_path / "history.parquet")
        return HistoryFile(tmp_path / "history.parquet", "old")

    return write


def decisions(history):
    with history:
        return [row for batch in history.decisions() for row in batch]


def test_a_row_becomes_a_decision_by_the_rule(written):
    (first, target), second, third = decisions(written(rows()))
    assert (first.prediction, first.decision, target) == (0, "APPROVED", None)
    assert [(record.prediction, record.decision) for record, _ in (second, third)] == [(1, "REFUSED"), (1, "REFUSED")]
    assert first.model_version == "import:old"
    assert first.created_at == NOON
    assert first.features == {"AMT_CREDIT": 1000.5}
    assert (first.inference_time_ms, first.n_features_missing, first.reasons) == (None, None, ())


STRUCTS = [{"A": 1.5, "B": "x"}, {"A": None, "B": "y"}, {"A": math.nan, "B": None}]
EXPECTED = [{"A": 1.5, "B": "x"}, {"B": "y"}, {}]


@pytest.mark.parametrize(
    "features",
    [
        pa.array(STRUCTS, pa.struct([("A", pa.float64()), ("B", pa.string())])),
        [json.dumps(features) if features["A"] == features["A"] else '{"B": null}' for features in STRUCTS],
        pa.array([json.dumps(features) for features in EXPECTED], pa.large_string()),
    ],
    ids=["struct", "JSON text", "large JSON text"],
)
def test_features_come_in_several_forms_and_what_is_missing_is_left_out(written, features):
    assert [record.features for record, _ in decisions(written(rows(features=features)))] == EXPECTED


def test_features_come_as_a_map(written):
    maps = pa.array([[("A", 1.5)], [("A", None), ("B", 2.5)], []], pa.map_(pa.string(), pa.float64()))
    found = [record.features for record, _ in decisions(written(rows(features=maps)))]
    assert found == [{"A": 1.5}, {"B": 2.5}, {}]


def test_decimals_become_numbers(written):
    kind = pa.decimal128(12, 2)
    structs = pa.array([{"A": Decimal("10.25")}] * 3, pa.struct([("A", kind)]))
    table = rows(probability=pa.array([Decimal("0.25")] * 3, kind), features=structs)
    assert [(record.probability, record.features) for record, _ in decisions(written(table))] == [
        (0.25, {"A": 10.25})
    ] * 3


def test_what_the_older_system_decided_goes_before_the_rule(written):
    found = decisions(written(rows(prediction=[1, None, 0], decision=[None, "APPROVED", "APPROVED"])))
    assert [(r.prediction, r.decision) for r, _ in found] == [(1, "REFUSED"), (0, "APPROVED"), (0, "APPROVED")]


def test_optional_columns_travel_along(written):
    table = rows(
        target=[0.0, 1.0, math.nan],
        n_features_missing=[3.0, None, 0.0],
        inference_time_ms=[0.5, None, 2],
        reasons=pa.array([[{"code": "EXT"}], None, []], pa.list_(pa.struct([("code", pa.string())]))),
    )
    found = decisions(written(table))
    assert [target for _, target in found] == [0, 1, None]
    assert [record.n_features_missing for record, _ in found] == [3, None, 0]
    assert [record.inference_time_ms for record, _ in found] == [0.5, None, 2.0]
    assert [record.reasons for record, _ in found] == [({"code": "EXT"},), (), ()]


def test_a_frame_that_pandas_wrote_is_read(tmp_path):
    frame = rows(target=[0, 1, None]).to_pandas()
    frame.to_parquet(tmp_path / "history.parquet", index=False)
    history = HistoryFile(tmp_path / "history.parquet", "old")
    assert [target for _, target in decisions(history)] == [0, 1, None]


def test_days_are_utc_days_whatever_the_files_zone(written):
    # Half past midnight in Paris. Not from Python's datetimes: pandera tells Arrow to ignore their zones.
    moments = pa.array([datetime(2025, 12, 31, 23, 30, tzinfo=UTC) + timedelta(days=i) for i in range(3)])
    history = written(rows(created_at=moments.cast(pa.timestamp("ns", "Europe/Paris"))))
    assert (history.first_day, history.last_day) == (date(2025, 12, 31), date(2026, 1, 2))
    assert decisions(history)[0][0].created_at == datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


def test_nanoseconds_are_dropped(written):
    moments = pa.array([pd.Timestamp("2026-03-01 12:00:00.123456789", tz="UTC")] * 3)
    record = decisions(written(rows(created_at=moments)))[0][0]
    assert record.created_at == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert type(record.created_at) is datetime


def test_a_decision_has_the_same_id_wherever_a_later_export_has_it(written):
    table = rows(4)
    before = {record.sk_id_curr: record.prediction_id for record, _ in decisions(written(table))}
    later = table.append_column("target", pa.array([0, 1, 0, 1])).take([3, 2, 1, 0])
    assert {record.sk_id_curr: record.prediction_id for record, _ in decisions(written(later))} == before
    assert len(set(before.values())) == 4


def test_an_id_that_the_file_gives_is_kept(written):
    ids = [f"00000000-0000-0000-0000-00000000000{i}" for i in range(3)]
    assert [str(record.prediction_id) for record, _ in decisions(written(rows(prediction_id=ids)))] == ids


def test_large_files_come_in_batches(written, monkeypatch):
    monkeypatch.setattr(history_file, "BATCH_ROWS", 4)
    with written(rows(10)) as history:
        assert [len(batch) for batch in history.decisions()] == [4, 4, 2]


def test_a_file_that_is_no_parquet_file_is_named(tmp_path):
    (tmp_path / "history.csv").write_text("created_at,sk_id_curr\n")
    with pytest.raises(HistoryError, match=r"history\.csv: .*expected a Parquet file of decisions"):
        HistoryFile(tmp_path / "history.csv", "old")
    with pytest.raises(HistoryError, match=r"absent\.parquet: .*check the path"):
        HistoryFile(tmp_path / "absent.parquet", "old")
    with pytest.raises(HistoryError, match="expected a Parquet file"):
        HistoryFile(tmp_path, "old")


def test_a_file_with_broken_pages_is_named(tmp_path):
    path = tmp_path / "history.parquet"
    pq.write_table(rows(5_000), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:2_000] = b"\xff" * 1_900
    path.write_bytes(content)
    with pytest.raises(HistoryError, match="nothing was imported"):
        decisions(HistoryFile(path, "old"))


def test_absent_columns_and_wrong_types_are_named_together(written):
    table = rows(created_at=[NOON.replace(tzinfo=None)] * 3, threshold=None, probability=["0.1"] * 3, target=["no"] * 3)
    with pytest.raises(HistoryError) as caught:
        written(table)
    for problem in (
        "no column threshold",
        "created_at of type timestamp[us] (expected a timestamp with a time zone)",
        "probability of type string (expected numbers)",
        "target of type string (expected numbers)",
    ):
        assert problem in str(caught.value)


def test_a_file_without_rows_is_refused(written):
    with pytest.raises(HistoryError, match="no rows; expected at least one decision"):
        written(rows().slice(0, 0))


def test_all_faults_are_named_at_once_those_of_features_too(written):
    table = rows(
        8,
        created_at=[datetime(2019, 12, 31, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1), *[NOON] * 5, None],
        sk_id_curr=[0, *range(1, 8)],
        probability=[1.2, -0.1, math.nan, *[0.1] * 5],
        threshold=[2.0, *[0.2] * 7],
        target=[2, None, 0, 1, 0, 1, 0, 1],
        prediction=[1, 0, 1, 0, 7, None, 0, 0],
        decision=["APPROVED", "REFUSED", "REFUSED", "APPROVED", "MAYBE", "REFUSED", None, "APPROVED"],
        prediction_id=["x", *["00000000-0000-0000-0000-000000000001"] * 2, None, None, None, None, None],
        n_features_missing=[-1.0, 0.5, 1.0, None, 1.0, 1.0, 1.0, 1.0],
        features=[
            '{"A": [1]}', '{"A": true}', '{"B": "\\u0000"}', "no JSON", "[]", None, '{"C": 1}', '{"A": 1e999}',
        ],
        reasons=['[{"code": "A"}]', "3", "[1]", None, "[]", "no JSON", None, '[{"a": "\\u0000"}]'],
    )  # fmt: skip
    with pytest.raises(HistoryError) as caught:
        written(table)
    message = str(caught.value)
    for problem in (
        "2 missing values",
        "1 client keys outside 1 to",
        "2 probabilities outside [0, 1]",
        "1 thresholds outside [0, 1]",
        "1 decisions before 2020-01-01",
        "1 decisions of the future",
        "1 values of target other than 0 and 1",
        "1 values of prediction other than 0 and 1",
        "1 decisions other than APPROVED and REFUSED",
        "2 decisions that contradict their prediction",
        "1 values of prediction_id that are no UUID",
        "1 values of prediction_id that come again",
        "2 counts of missing features that are no count",
        "4 features that are missing or no JSON object",
        "2 values of 'A' that are neither numbers nor text",
        "1 values of 'B' that are text with the character U+0000",
        "4 reasons that are no list of JSON objects",
        "in 8 rows",
    ):
        assert problem in message


def test_infinite_features_are_named(written):
    structs = pa.array([{"A": math.inf}, {"A": -math.inf}, {"A": 1.0}])
    with pytest.raises(HistoryError, match="2 values of 'A' that are infinite in 3 rows"):
        decisions(written(rows(features=structs)))
