"""Replaying decisions of several model versions: a real registry, a real prediction log, the command itself."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner
from uuid_utils.compat import uuid7

from cli.main import app
from credit_risk.decision import decide
from credit_risk.errors import CreditError
from credit_risk.scoring import Scorer
from resources.lake import Lake
from resources.prediction_log import DecisionRecord, FeatureNames, insert_decisions
from resources.reason_catalogue import PLATFORM_FILE, read_catalogue
from resources.registry import EXPERIMENT, open_registry

TODAY = datetime.now(UTC).date()
NAMES = FeatureNames(
    numbers=("AMT_CREDIT", "AMT_INCOME", "EXT_SOURCE_1", "DAYS_BIRTH"), texts=("ORGANIZATION_TYPE", "CODE_GENDER")
)


def decisions(model, n, seed, day=TODAY):
    """Decisions as the service makes them."""
    rng, scorer = np.random.default_rng(seed), Scorer(model.booster_text, model.manifest)
    catalogue = read_catalogue(PLATFORM_FILE)
    records = []
    for _ in range(n):
        sent = {
            "AMT_CREDIT": rng.lognormal(13, 0.6),
            "EXT_SOURCE_1": None if rng.random() < 0.3 else rng.random(),
            "DAYS_BIRTH": -int(rng.integers(7_500, 25_000)),
            "ORGANIZATION_TYPE": str(rng.choice(["School", "Trade", "never seen"])),
            "CODE_GENDER": "F",
        }
        features = {name: value for name, value in sent.items() if value is not None}
        score = scorer.score(features)
        decision = decide(score.probability, model.manifest.threshold)
        reasons = ()
        if decision.label == "REFUSED":
            contributions = scorer.contributions(score.row)
            reasons = catalogue.reasons(contributions, features, scorer.scored_names, limit=4)
        records.append(
            DecisionRecord(
                prediction_id=uuid7(),
                created_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
                sk_id_curr=100_001,
                probability=score.probability,
                prediction=decision.prediction,
                decision=decision.label,
                threshold=model.manifest.threshold,
                model_version=model.version,
                inference_time_ms=0.1,
                n_features_missing=score.n_features_missing,
                features=features,
                feature_names=NAMES,
                reasons=[reason.to_dict() for reason in reasons],
            )
        )
    return records


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return Lake(str(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def models(postgres_module, lake, tiny_model):
    """Two versions in a registry, of which neither is in production."""
    import mlflow

    registry = open_registry(postgres_module, lake)
    mlflow.set_tracking_uri(registry.tracking_uri)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    registered = []
    for seed in (1, 2):
        model = tiny_model("unregistered", seed=seed)
        with mlflow.start_run(experiment_id=experiment.experiment_id):
            version = registry.register(model.booster_text, model.manifest)
        registered.append(replace(model, version=version))
    yield registered
    mlflow.set_tracking_uri(None)


@pytest.fixture
def store(postgres_module):
    def store(records):
        with postgres_module.connect() as connection:
            insert_decisions(connection, records)
        return [str(record.prediction_id) for record in records]

    with postgres_module.connect() as connection:
        connection.execute("TRUNCATE credit.decisions")
    return store


@pytest.fixture
def credit_replay(postgres_module, lake, tmp_path, monkeypatch):
    """`credit replay ...`: exit code and what it printed."""
    monkeypatch.setenv("DATABASE_URL", postgres_module.url)
    monkeypatch.setenv("CREDIT_LAKE", lake.root)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        result = CliRunner().invoke(app, ["replay", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, re.sub(r"\s+", " ", result.stdout)

    return run


def test_decisions_of_two_versions_come_out_the_same(models, store, credit_replay):
    store([record for model in models for record in decisions(model, 40, seed=3)])
    code, printed = credit_replay("--day", str(TODAY))
    assert code == 0
    assert "80 decisions replayed (models: 1, 2): no difference" in printed


def test_a_decision_that_was_tampered_with_is_found(models, store, credit_replay):
    records = decisions(models[0], 5, seed=4)
    changed = replace(records[2], probability=float(np.nextafter(records[2].probability, 1)))
    ids = store([*records[:2], changed, *records[3:]])
    code, printed = credit_replay("--sample", "100")
    assert code == 1
    assert "5 decisions replayed (models: 1): 1 differ" in printed
    assert ids[2] in printed
    assert "probability" in printed


def test_ids_choose_decisions(models, store, credit_replay):
    ids = store(decisions(models[1], 3, seed=5))
    assert credit_replay(ids[0], ids[2]) == (0, "2 decisions replayed (models: 2): no difference ")


def test_ids_that_are_not_on_record_are_all_named(models, store, credit_replay):
    (known,) = store(decisions(models[0], 1, seed=6))
    unknown = [str(uuid7()), str(uuid7())]
    with pytest.raises(CreditError, match="2 of 3 predictions that are not on record") as caught:
        credit_replay(known, *unknown)
    assert all(name in str(caught.value) for name in unknown)


def test_a_day_without_decisions_is_no_good_news(models, store, credit_replay):
    store(decisions(models[0], 3, seed=7))
    with pytest.raises(CreditError, match=f"no decision on {TODAY - timedelta(days=1)}; expected decisions to replay"):
        credit_replay("--day", str(TODAY - timedelta(days=1)))


def test_a_decision_whose_model_is_gone_differs_and_the_others_are_replayed(models, store, credit_replay):
    lost = replace(decisions(models[0], 1, seed=8)[0], model_version="77")
    store([lost, *decisions(models[0], 2, seed=8)])
    code, printed = credit_replay("--day", str(TODAY))
    assert code == 1
    assert "3 decisions replayed (models: 1, 77): 1 differ" in printed
    assert "model 77 unknown" in printed


def test_decisions_of_an_older_system_are_left_out_and_counted(models, store, credit_replay):
    older = replace(decisions(models[0], 1, seed=9)[0], model_version="import:legacy")
    store([older, *decisions(models[0], 2, seed=9)])
    code, printed = credit_replay("--day", str(TODAY))
    assert code == 0
    assert "2 decisions replayed (models: 1): no difference" in printed
    assert "1 decisions of an older system left out" in printed


def test_refusals_without_reasons_are_counted(models, store, credit_replay):
    bare = [replace(record, reasons=()) for record in decisions(models[0], 30, seed=10)]
    n_refused = sum(record.decision == "REFUSED" for record in bare)
    assert n_refused > 0
    store(bare)
    code, printed = credit_replay("--day", str(TODAY))
    assert code == 0
    assert f"{n_refused} refusals have no reasons on record" in printed


def test_what_applicants_sent_is_not_printed(models, store, credit_replay):
    record = next(record for record in decisions(models[0], 50, seed=11) if record.reasons)
    wrong = [{**record.reasons[0], "value": 123_456.789}, *record.reasons[1:]]
    store([replace(record, reasons=wrong)])
    code, printed = credit_replay("--day", str(TODAY))
    assert code == 1
    assert "reason 1: value" in printed
    assert "123456" not in printed


@pytest.mark.parametrize("arguments", [[], ["--sample", "3", "--day", "2026-11-01"]])
def test_exactly_one_choice_of_decisions_is_expected(arguments, credit_replay):
    with pytest.raises(CreditError, match="expected prediction ids, or --day, or --sample"):
        credit_replay(*arguments)
