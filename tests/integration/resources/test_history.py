"""Decisions of an older system, imported into real PostgreSQL: all or nothing, and each once."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources import history_file
from resources.history import HistoryError, ImportSummary, import_history
from resources.prediction_log import PredictionLog, insert_decisions

# A year before any partition that an upgrade makes.
START = datetime(2023, 12, 31, 22, tzinfo=UTC)


def table(n=6, **columns):
    values = {
        "created_at": [START + timedelta(hours=i) for i in range(n)],
        "sk_id_curr": [100_001 + i for i in range(n)],
        "probability": [0.05 * i for i in range(n)],
        "threshold": [0.1] * n,
        "features": [json.dumps({"AMT_CREDIT": 1000.5 + i, "KIND": None}) for i in range(n)],
    } | columns
    return pa.table(values)


@pytest.fixture
def written(tmp_path):
    def write(content):
        pq.write_table(content, file := tmp_path / "history.parquet")
        return file

    return write


@pytest.fixture
def log(postgres):
    return PredictionLog(postgres)


def outcomes(database):
    query = """
        SELECT sk_id_curr, target, observed_at = created_at FROM credit.outcomes JOIN credit.predictions
        USING (prediction_id) ORDER BY sk_id_curr
    """
    with database.connect() as connection:
        return connection.execute(query).fetchall()


def test_an_import_makes_its_partitions_and_says_what_it_did(postgres, log, written):
    summary = import_history(postgres, written(table()), "old")
    assert summary == ImportSummary(6, 6, 0, date(2023, 12, 31), date(2024, 1, 1))
    assert log.count_by_day(date(2023, 12, 31), date(2024, 1, 1)) == {date(2023, 12, 31): 2, date(2024, 1, 1): 4}
    assert log.features_of(date(2023, 12, 31)).to_dict("list") == {"AMT_CREDIT": [1000.5, 1001.5]}
    with postgres.connect() as connection:
        found = connection.execute("SELECT DISTINCT model_version, tableoid::regclass::text FROM credit.decisions")
        assert set(found) == {
            ("import:old", "credit.decisions_2023_12"),
            ("import:old", "credit.decisions_2024_01"),
        }


def test_importing_twice_changes_nothing(postgres, log, written):
    file = written(table(target=[0, 1, None, 0, 1, None]))
    assert import_history(postgres, file, "old").new_outcomes == 4
    again = import_history(postgres, file, "old")
    assert (again.rows, again.new_decisions, again.new_outcomes) == (6, 0, 0)
    assert log.count() == 6
    assert len(outcomes(postgres)) == 4


def test_the_same_decisions_of_another_system_are_others(postgres, log, written):
    import_history(postgres, file := written(table()), "old")
    import_history(postgres, file, "older")
    assert log.count() == 12


def test_a_later_export_adds_its_new_rows_and_targets(postgres, written):
    import_history(postgres, written(table(4)), "old")
    later = table(6, target=[0, 1, 0, 1, None, None]).take([5, 4, 3, 2, 1, 0])
    summary = import_history(postgres, written(later), "old")
    assert (summary.new_decisions, summary.new_outcomes) == (2, 4)


def test_targets_become_outcomes(postgres, written):
    import_history(postgres, written(table(3, target=[0, None, 1])), "old")
    assert outcomes(postgres) == [(100_001, 0, True), (100_003, 1, True)]


@pytest.mark.parametrize(
    "features",
    [
        pa.array([{"A": 0.1 + 0.2, "B": 'it\'s \\ "x" 👍'}] * 3),
        pa.array([[("A", 0.1 + 0.2)]] * 3, pa.map_(pa.string(), pa.float64())),
        [json.dumps({"A": 0.1 + 0.2, "B": 'it\'s \\ "x" 👍'})] * 3,
    ],
    ids=["struct", "map", "JSON text"],
)
def test_features_of_every_form_are_stored_alike(postgres, log, written, features):
    import_history(postgres, written(table(3, features=features)), "old")
    stored = log.features_of(date(2023, 12, 31))
    assert stored["A"].tolist() == [0.1 + 0.2] * 2
    assert "B" not in stored or stored["B"].tolist() == ['it\'s \\ "x" 👍'] * 2


def test_a_fault_in_the_last_batch_imports_nothing(postgres, log, written, monkeypatch):
    monkeypatch.setattr(history_file, "BATCH_ROWS", 2)
    features = ['{"A": 1}'] * 4 + ['{"A": [1]}', "no JSON"]
    with pytest.raises(HistoryError) as caught:
        import_history(postgres, written(table(features=features, target=[1] * 6)), "old")
    assert "1 values of 'A' that are neither numbers nor text" in str(caught.value)
    assert "1 features that are missing or no JSON object" in str(caught.value)
    assert log.count() == 0
    assert outcomes(postgres) == []


def test_decisions_with_the_same_features_share_a_feature_set(postgres, written, monkeypatch):
    monkeypatch.setattr(history_file, "BATCH_ROWS", 2)
    import_history(postgres, written(table()), "old")
    with postgres.connect() as connection:
        found = connection.execute("SELECT numbers, texts FROM credit.feature_sets").fetchall()
    assert found == [(["AMT_CREDIT"], [])]


def test_a_feature_may_be_a_number_here_and_text_there(postgres, log, written):
    features = ['{"A": 1.5, "B": "x"}', '{"A": "unknown"}', *["{}"] * 4]
    import_history(postgres, written(table(features=features)), "old")
    assert log.features_of(date(2023, 12, 31))["A"].tolist() == [1.5, "unknown"]
    assert [record.features for record in log.decisions_of(date(2023, 12, 31))] == [json.loads(f) for f in features[:2]]


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 61])
def test_a_name_that_no_report_could_carry_is_refused(postgres, written, name):
    with pytest.raises(HistoryError, match="name it with --name"):
        import_history(postgres, written(table()), name)


def test_a_service_goes_on_while_an_import_runs(postgres, decision, written, monkeypatch):
    monkeypatch.setattr(history_file, "BATCH_ROWS", 2)
    served, features = [], {"AMT_CREDIT": 1.0}

    def insert_and_serve(connection, records):
        new = insert_decisions(connection, records)
        with postgres.connect(autocommit=True) as service:
            service.execute("SET lock_timeout = '2s'")
            # Of the import's own feature set, which nobody has committed for the service.
            served.append(insert_decisions(service, [decision(features=features)]))
        return new

    monkeypatch.setattr("resources.history.insert_decisions", insert_and_serve)
    import_history(postgres, written(table()), "old")
    assert served == [1, 1, 1]


def test_the_command_imports_and_says_how_to_go_on(postgres, run_credit, written):
    code, out, err = run_credit("history", "import", written(table()), "--name", "old", DATABASE_URL=postgres.url)
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert "6 decisions from 2023-12-31 to 2024-01-01: 6 new, 0 outcomes new; model version import:old" in said
