"""The sides that are programs of our own: the floor, the tutorial, and what the peer is installed into."""

import httpx
import joblib
import numpy as np
import pandas as pd
import pytest

from benchmarks import serving_bentoml
from benchmarks.serving_files import Bench
from benchmarks.serving_floor import Floor
from benchmarks.serving_platform import Platform, forget_settings
from benchmarks.serving_process import Server, free_port
from benchmarks.serving_sides import SIDES, TUTORIAL, Site
from credit_risk.scoring import Scorer
from resources.settings import Settings

FEATURES = {"AMT_CREDIT": 406_597.5, "EXT_SOURCE_1": 0.31, "ORGANIZATION_TYPE": "Trade", "CODE_GENDER": "F"}


@pytest.fixture
def bench(tmp_path, tiny_model):
    """A folder with the tiny model."""
    bench, model = Bench(tmp_path), tiny_model("1", seed=1)
    bench.booster.write_text(model.booster_text)
    bench.manifest_file.write_text(model.manifest.to_json())
    return bench


@pytest.fixture
def tutorial(tmp_path, postgres):
    """The tutorial's server with a small classifier of two features; a client of it."""
    import lightgbm

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"AMT_CREDIT": rng.normal(size=200), "EXT_SOURCE_1": rng.normal(size=200)})
    classifier = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1, num_threads=1)
    classifier.fit(frame, (frame["EXT_SOURCE_1"] > 0).astype(int))
    bench, port = Bench(tmp_path), free_port()
    joblib.dump(classifier, bench.classifier)
    settings = Settings(_env_file=None, CREDIT_HOME=tmp_path)
    command = SIDES[TUTORIAL].start(Site(bench, Platform(settings, postgres, "a key"), port))
    with (
        Server(command, tmp_path / "log") as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        server.wait_until(lambda: "running on" in server.last_words())
        yield client


@pytest.mark.parametrize("features", [FEATURES, {}, {"ORGANIZATION_TYPE": "never seen"}])
def test_the_floor_answers_with_the_probability_of_the_platform(bench, features):
    scorer = Scorer(bench.booster.read_text(), bench.manifest())
    assert Floor(bench).probability(features) == pytest.approx(scorer.score(features).probability, abs=1e-12)


def test_the_tutorial_stores_every_prediction_that_it_answers(tutorial, postgres):
    answer = tutorial.post("/predict", json={"SK_ID_CURR": 7, "EXT_SOURCE_1": 1.5, "AMT_CREDIT": None})
    assert answer.status_code == 200
    with postgres.connect() as connection:
        rows = connection.execute("SELECT sk_id_curr, probability, features FROM tutorial_predictions").fetchall()
    assert rows == [(7, answer.json()["probability"], {"EXT_SOURCE_1": 1.5, "AMT_CREDIT": None})]


def test_the_tutorial_refuses_what_pydantic_refuses(tutorial):
    assert tutorial.post("/predict", json={"SK_ID_CURR": 7, "AMT_CREDIT": "much"}).status_code == 422


def test_an_environment_of_the_peer_that_is_there_is_not_installed_again(tmp_path, monkeypatch):
    installed = []

    def install(command, **_):
        installed.append(command)
        (tmp_path / "bentoml").mkdir(exist_ok=True)

    # The installer alone is stood in for: the tests fetch nothing.
    monkeypatch.setattr(serving_bentoml.subprocess, "run", install)
    first = serving_bentoml.environment(tmp_path)
    assert serving_bentoml.PACKAGE in installed[-1]
    n_commands = len(installed)
    assert serving_bentoml.environment(tmp_path) == first
    assert len(installed) == n_commands


def test_settings_of_somebodys_platform_are_forgotten():
    environment = {"DATABASE_URL": "postgresql://prod", "CREDIT_HOME": "/srv", "PATH": "/bin"}
    assert forget_settings(environment) == ["DATABASE_URL", "CREDIT_HOME"]
