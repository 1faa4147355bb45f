"""`credit traffic outcomes` against the running service: only loans have outcomes, and nothing counts twice."""

from datetime import UTC, datetime
from uuid import uuid4

import pandas as pd
import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_risk.errors import PortfolioError, UnavailableError
from resources.outcomes import Outcomes
from resources.prediction_log import PredictionLog, insert_decisions
from simulation.outcome_delivery import deliver
from simulation.portfolio import synthesize

RUNNER = CliRunner()
CLIENTS = 120


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """The raw tables of a small portfolio."""
    csv, lake = tmp_path_factory.mktemp("csv"), tmp_path_factory.mktemp("lake")
    (lake / "raw").mkdir()
    for name in synthesize(CLIENTS, 1, csv).rows:
        frame = pd.read_csv(csv / f"{name}.csv", keep_default_na=False, na_values=[""])
        frame.to_parquet(lake / "raw" / f"{name}.parquet")
    return lake


@pytest.fixture
def decisions(postgres, decision):
    """Decisions on sixty clients: a third refused, one on a stranger."""
    records = [
        decision(
            sk_id_curr=100_001 + number if number else 999_999,
            prediction=int(number % 3 == 0),
            decision="APPROVED" if number % 3 else "REFUSED",
        )
        for number in range(60)
    ]
    with postgres.connect() as connection:
        insert_decisions(connection, records)
    first, last = records[0].created_at.date(), records[-1].created_at.date()
    return PredictionLog(postgres).decisions_frame(first, last)


@pytest.fixture
def credit(service, postgres, lake, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.setenv("CREDIT_LAKE", str(lake))
    monkeypatch.setenv("CREDIT_API_PORT", service.url.rpartition(":")[2])
    today = str(datetime.now(UTC).date())

    def run(*arguments):
        command = ["traffic", "outcomes", "--from", today, "--to", today, *arguments]
        answer = RUNNER.invoke(app, command, catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return " ".join(answer.output.split())

    return run


def test_loans_get_their_outcomes_once_and_a_lot_adds_refused_ones(credit, decisions, postgres):
    approved = set(decisions.loc[decisions["decision"] == "APPROVED", "prediction_id"])
    refused = set(decisions["prediction_id"]) - approved
    assert approved
    assert refused

    assert "0 outcomes known by now" in credit("--maturity-days", "30")
    said = credit("--maturity-days", "0")
    stored = Outcomes(postgres).current()
    assert set(stored["prediction_id"]) < approved | refused
    assert not set(stored["prediction_id"]) & refused
    assert f"delivered: {len(stored)} new" in said
    assert f"delivered: 0 new, 0 corrected, {len(stored)} on record already" in credit("--maturity-days", "0")

    assert f"{len(refused)} refused approved by lot" in credit("--maturity-days", "0", "--approve-refused", "1")
    with_lot = Outcomes(postgres).current().set_index("prediction_id")["target"]
    assert len(set(with_lot.index) & refused) >= len(refused) - 1
    assert with_lot.loc[stored["prediction_id"]].tolist() == stored["target"].tolist()


def test_the_stranger_has_no_outcome_and_is_counted(credit, decisions):
    assert len(decisions) == 60
    assert "1 of clients who are in no application file: no outcome" in credit(
        "--maturity-days", "0", "--approve-refused", "1"
    )


def test_without_raw_tables_it_says_what_to_run(credit, decisions, tmp_path, monkeypatch):
    assert len(decisions) == 60
    monkeypatch.setenv("CREDIT_LAKE", str(tmp_path / "empty"))
    with pytest.raises(PortfolioError, match=r"no raw table application_train in the lake; .* run training_job"):
        credit()


def test_outcomes_of_unknown_decisions_are_named_and_the_others_recorded(service, decisions, postgres):
    now, unknown = datetime.now(UTC), uuid4()
    order = pd.DataFrame(
        {"prediction_id": [decisions["prediction_id"][0], unknown], "target": [1, 0], "observed_at": [now, now]}
    )
    done = deliver(service.url, order, at_once=1)
    assert (done.recorded, done.unknown) == (1, [str(unknown)])
    assert len(Outcomes(postgres).current()) == 1


def test_a_refused_order_says_why(service, decisions):
    order = pd.DataFrame(
        {"prediction_id": decisions["prediction_id"][:1], "target": [2], "observed_at": [datetime.now(UTC)]}
    )
    with pytest.raises(UnavailableError, match=r"found 422 .*expected a delivery that is taken"):
        deliver(service.url, order)


def test_without_a_service_the_delivery_says_what_to_do(decisions):
    order = decisions[["prediction_id"]].assign(target=0, observed_at=datetime.now(UTC))
    with pytest.raises(UnavailableError, match=r"no answer from the scoring service .* deliver again"):
        deliver("http://127.0.0.1:9", order)
