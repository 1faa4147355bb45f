"""The gate on a real platform: challengers that are worse, slow, unfair or leak, a better one, and a person's word.

One platform for the file: what is registered, judged, promoted and rolled back happens once, in
this order, and the tests look at what was noted on the way.
"""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import dagster as dg
import numpy as np
import orjson
import pandas as pd
import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_assets.champion import CHAMPION_MODEL
from credit_assets.comparison import MODEL_COMPARISON
from credit_assets.gate_evidence import Candidate, gather_evidence
from credit_assets.training_rows import labelled_clients
from credit_risk.canaries import Canaries, Canary
from credit_risk.feature_set import FeatureSet
from credit_risk.gate.criterion import CATALOGUE
from credit_risk.gate.recent_outcomes import SEEN
from credit_risk.scoring import Scorer, booster_sha256
from resources.live_references import out_of_fold_file
from resources.outcomes import Outcome, record_outcomes
from resources.registry import EXPERIMENT

# MLflow and what it imports warn about themselves; that is not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore")

FEW_FEATURES = ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "AMT_CREDIT", "DAYS_EMPLOYED", "DAYS_BIRTH"]


@dataclass
class Judged:
    """What a challenger's way through the gate left behind."""

    version: str
    champion: dict
    checks: dict
    tags: dict
    production: str
    alerts: list


@pytest.fixture(scope="module")
def registered(shared_platform):
    """`registered(change=, booster=, manifest=)`: a challenger like version 1 but for what is changed."""
    import mlflow

    clients = shared_platform.clients
    first, before = clients.registry.load("1"), clients.lake.read_frame(out_of_fold_file("1"))
    experiment = clients.registry.client.get_experiment_by_name(EXPERIMENT)
    earlier = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(clients.registry.tracking_uri)

    def register(change=None, *, booster=first.booster_text, manifest=first.manifest, canaries=first.canaries):
        with mlflow.start_run(experiment_id=experiment.experiment_id):
            version = clients.registry.register(booster, manifest, canaries)
        rows = before.copy() if change is None else change(before.copy())
        clients.lake.write_frame(out_of_fold_file(version), rows)
        statistics = pd.DataFrame(columns=["feature_name", "mean", "std", "median", "q25", "q75", "n_samples"])
        clients.training_reference.store(version, statistics, clients.training_reference.sample("1"))
        return version

    yield register
    mlflow.set_tracking_uri(earlier)


@pytest.fixture(scope="module")
def through_the_gate(shared_platform, registered):
    """`through_the_gate(...)`: register a challenger, let the gate judge it, and note what that left."""

    def judge(*arguments, **changes):
        version = registered(*arguments, **changes)
        rung = Rung()
        logger = logging.getLogger("credit.alerts")
        logger.addHandler(rung)
        result = shared_platform.materialize(MODEL_COMPARISON, CHAMPION_MODEL, raise_on_error=True)
        logger.removeHandler(rung)
        registry = shared_platform.clients.registry
        return Judged(
            version=version,
            champion=shared_platform.metadata(CHAMPION_MODEL),
            checks={check.check_name: check for check in result.get_asset_check_evaluations()},
            tags=registry.versions()[-1]["tags"],
            production=registry.production_version(),
            alerts=rung.alerts,
        )

    return judge


class Rung(logging.Handler):
    """Keeps the alerts that are rung."""

    def __init__(self):
        super().__init__()
        self.alerts = []

    def emit(self, record):
        self.alerts.append(orjson.loads(record.getMessage()))


def blurred(rows):
    """Worse: scores that say little."""
    noise = np.random.default_rng(0).random(len(rows))
    return rows.assign(probability=np.clip(0.1 * rows["probability"] + 0.3 * noise, 0, 1))


def leaking(rows):
    """Out-of-fold predictions of a model that was shown the answer."""
    return rows.assign(probability=np.where(rows["target"] == 1, 0.9, 0.02))


def slow(platform):
    """A real model of three thousand trees, where the champion has a few dozen."""
    import lightgbm

    first = platform.clients.registry.manifest("1")
    frame, target = labelled_clients(platform.clients, first.feature_version)
    features = FeatureSet.from_frame(frame[FEW_FEATURES])
    data = lightgbm.Dataset(features.encode_frame(frame), label=target, feature_name=features.scored_names)
    options = {"objective": "binary", "learning_rate": 1e-3, "num_leaves": 31, "min_data_in_leaf": 5}
    booster = lightgbm.train({**options, "num_threads": 1, "verbose": -1}, data, num_boost_round=3000).model_to_string()
    manifest = replace(
        first,
        feature_set=features,
        importances=dict.fromkeys(FEW_FEATURES, 1.0),
        booster_sha256=booster_sha256(booster),
    )
    row = {name: float(value) for name, value in frame[FEW_FEATURES].iloc[0].dropna().items()}
    probability = Scorer(booster, manifest).score(row).probability
    return {"booster": booster, "manifest": manifest, "canaries": Canaries((Canary(row, probability),))}


@pytest.fixture(scope="module")
def women(shared_platform):
    """SK_ID_CURR of the women among the clients."""
    features = shared_platform.features()
    return features.loc[features["CODE_GENDER"] == "F", "SK_ID_CURR"]


@pytest.fixture(scope="module")
def threshold(shared_platform):
    return shared_platform.clients.registry.manifest("1").threshold


def unfair(women, threshold):
    """Cheaper: refuses nobody wrongly but women, of whom most are refused."""

    def change(rows):
        low, high = threshold / 2, min(1.0, threshold * 2)
        right = np.where(rows["target"] == 1, high, low)
        is_woman = rows["SK_ID_CURR"].isin(women) & (np.arange(len(rows)) % 2 == 0)
        return rows.assign(probability=np.where(is_woman, np.maximum(high, rows["probability"]), right))

    return change


def better(threshold):
    """Cheaper for sure: some of the good applicants whom the champion refuses are approved."""

    def change(rows):
        wronged = rows.index[(rows["probability"] >= threshold) & (rows["target"] == 0)]
        spared = wronged[: len(wronged) // 4]
        probability = rows["probability"].copy()
        probability.loc[spared] = threshold * 0.99
        return rows.assign(probability=probability)

    return change


@pytest.fixture(scope="module")
def story(shared_platform, through_the_gate, women, threshold):
    """Four that are refused, and one that goes live."""
    return {
        "worse": through_the_gate(blurred),
        "leaks": through_the_gate(leaking),
        "slow": through_the_gate(better(threshold), **slow(shared_platform)),
        "unfair": through_the_gate(unfair(women, threshold)),
        "better": through_the_gate(better(threshold)),
    }


REASONS = {
    "worse": ("business_cost", "cost difference +"),
    "leaks": ("plausible_auc", "above 0.95 the answer is among the features"),
    "slow": ("latency", "times as long; it may be"),
    "unfair": ("approval_by_gender", "adverse impact ratio 0."),
}


@pytest.mark.parametrize("flaw", REASONS)
def test_a_challenger_with_a_flaw_is_refused_with_its_reason(story, flaw):
    judged, (criterion, reason) = story[flaw], REASONS[flaw]
    assert judged.champion["promotion/promoted"] is False
    assert reason in judged.champion["promotion/reason"]
    assert judged.tags["verdict"] == "refused"
    assert judged.tags["reason"] == judged.champion["promotion/reason"]
    assert judged.production == "1"
    check = judged.checks[criterion]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert reason.removeprefix("cost difference ") in check.description


@pytest.mark.parametrize("flaw", REASONS)
def test_a_refusal_rings(story, flaw):
    (alert,) = story[flaw].alerts
    assert (alert["name"], alert["severity"]) == ("ChallengerRefused", "warning")
    assert alert["summary"] == story[flaw].champion["promotion/reason"]
    assert alert["link"].startswith("/runs/")


def test_slowness_is_all_that_is_wrong_with_the_slow_one(story):
    failed = {name for name, check in story["slow"].checks.items() if not check.passed}
    assert failed == {"latency"}


def test_every_criterion_is_a_check_with_its_numbers(story):
    checks = story["worse"].checks
    assert checks.keys() == CATALOGUE.keys()
    cost = {name: value.value for name, value in checks["business_cost"].metadata.items()}
    assert cost["outcome"] == "failed"
    assert cost["difference"] == pytest.approx(cost["challenger"] - cost["champion"])
    assert cost["low"] <= cost["difference"] <= cost["high"]
    assert cost["limit"] == 0.005
    assert checks["outcomes_cost"].metadata["outcome"].value == "not judged"


def test_a_better_challenger_goes_live_and_stands_in_the_history(story, shared_platform):
    judged = story["better"]
    assert judged.champion["promotion/promoted"] is True
    assert judged.production == judged.version == "6"
    assert judged.tags["verdict"] == "promoted"
    assert not judged.alerts
    _, second, *_ = shared_platform.clients.live_models.history()
    assert second.model_version == "6"
    assert second.cause.startswith("version 6 against 1 on ")


@pytest.fixture(scope="module")
def by_command(shared_platform, story):
    """What a person does afterwards: compares, takes the promotion back, and overrules a refusal."""

    def credit(*arguments, **options):
        done = CliRunner().invoke(app, ["model", *arguments], env={"CREDIT_API_PORT": "9"}, **options)
        history = shared_platform.clients.live_models.history()
        return done, shared_platform.clients.registry.production_version(), history[-1]

    unfair, slow = story["unfair"].version, story["slow"].version
    return {
        "compare": credit("compare", unfair),
        "compare the newest": credit("compare"),
        "rollback": credit("rollback", "--reason", "refuses everybody", "--author", "Ada"),
        "no": credit("promote", slow, "--reason", "we have time", "--author", "Ada", input="n\n"),
        "yes": credit("promote", slow, "--reason", "we have time", "--author", "Ada", "--yes"),
        "again": credit("promote", slow, "--reason", "we have time", "--author", "Ada", "--yes"),
        "history": credit("history"),
        "list": credit("list"),
        "judged again": shared_platform.materialize(MODEL_COMPARISON, CHAMPION_MODEL, raise_on_error=True),
    }


def test_a_rollback_by_command_is_live_and_in_the_history(by_command):
    done, production, stay = by_command["rollback"]
    assert done.exit_code == 0, done.output
    assert (production, stay.model_version, stay.author) == ("1", "1", "Ada")
    assert stay.cause == "rollback from 6: refuses everybody"


def test_the_comparison_is_shown_with_every_criterion(by_command):
    done, *_ = by_command["compare"]
    assert done.exit_code == 0, done.output
    for name in CATALOGUE:
        assert name.replace("_", " ").replace("auc", "AUC") in done.output
    assert "the gate refuses: version 5 against 1 on " in done.output.replace("\n", " ")


def test_without_a_version_the_newest_candidate_is_shown(by_command):
    done, *_ = by_command["compare the newest"]
    assert "Model 6 against 1" in done.output


def test_a_promotion_against_the_gate_says_what_it_said_and_asks(by_command):
    done, production, stay = by_command["no"]
    assert done.exit_code == 1
    assert "the gate refuses: version 4 against 1 on " in done.output.replace("\n", " ")
    assert "Promote version 4 all the same?" in done.output
    assert (production, stay.model_version) == ("1", "1")


def test_a_person_may_overrule_the_gate_and_the_history_says_so(by_command):
    done, production, stay = by_command["yes"]
    assert done.exit_code == 0, done.output
    assert (production, stay.model_version, stay.author) == ("4", "4", "Ada")
    assert stay.cause.startswith("override of the gate: we have time (the gate refuses: version 4 against 1 on ")
    assert "override of the gate: we have time" in by_command["history"][0].output.replace("\n", " ")
    assert "overridden by Ada: we have time" in by_command["list"][0].output.replace("\n", " ")


def test_the_policy_does_not_bring_back_what_a_person_took_back(by_command, shared_platform):
    assert by_command["judged again"].success
    champion = shared_platform.metadata(CHAMPION_MODEL)
    assert champion["promotion/reason"].startswith("version 6 was in production and a person took it back")
    assert shared_platform.clients.registry.production_version() == "4"


def test_what_is_live_is_not_promoted_again(by_command):
    done, *_ = by_command["again"]
    assert str(done.exception).startswith("found version 4 live already")


@pytest.fixture(scope="module")
def with_outcomes(templates):
    """Outcomes of the applicants without a label, and of ten of those who trained the model."""
    with templates.copy("trained") as platform:
        features = platform.features()
        known = platform.clients.lake.read_frame(out_of_fold_file("1"))["SK_ID_CURR"]
        strangers = features[~features["SK_ID_CURR"].isin(known)]
        platform.decide(platform.today, pd.concat([strangers, features[features["SK_ID_CURR"].isin(known)].head(10)]))
        with platform.database.connect() as connection:
            ids = connection.execute("SELECT prediction_id FROM credit.decisions ORDER BY created_at").fetchall()
            observed = datetime.now(UTC)
            record_outcomes(connection, [Outcome(row[0], int(i % 7 == 0), observed) for i, row in enumerate(ids)])
        yield platform, strangers


def test_recent_outcomes_are_scored_by_both_models_on_the_stored_features(with_outcomes):
    platform, strangers = with_outcomes
    model = Candidate(platform.clients, "1")
    evidence = gather_evidence(platform.clients, model, model)
    meeting = evidence.outcomes.meeting
    assert sorted(meeting.clients) == sorted(strangers["SK_ID_CURR"])
    expected = model.scorer.probabilities(strangers.set_index("SK_ID_CURR").loc[meeting.clients])
    assert meeting.new.probability.tolist() == pytest.approx(expected.tolist())
    assert evidence.outcomes.left_out == {SEEN: 10}


def test_the_evidence_knows_groups_and_the_strongest_features(with_outcomes):
    platform, _ = with_outcomes
    model = Candidate(platform.clients, "1")
    evidence = gather_evidence(platform.clients, model, None)
    assert evidence.outcomes is None
    assert set(evidence.groups["gender"].dropna()) == {"women", "men"}
    assert list(evidence.strongest.columns)[1:] == list(model.stored.manifest.importances)[:5]
    assert evidence.latency.challenger_ms > 0
    assert evidence.latency.champion_ms is None
