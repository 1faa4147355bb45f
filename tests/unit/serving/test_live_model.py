"""The live model: follows the registry, swaps whole models, falls back to the last good one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from structlog.testing import capture_logs

from credit_risk.canaries import Canaries, Canary
from credit_risk.errors import ModelError, UnavailableError
from resources.stored_model import StoredModel
from serving.live_model import LiveModel
from serving.metrics import Metrics

SOON_S = 0.01


@dataclass
class Source:
    """A registry whose behaviour is a function that the test sets."""

    look: Callable[[], str | None]
    load: Callable[[str], StoredModel]

    def production_version(self) -> str | None:
        return self.look()


@dataclass
class Platform(Source):
    """A registry with a history that is there at once."""

    since: str | None = None

    def live_since(self, _: str) -> str | None:
        return self.since


def away() -> str:
    raise UnavailableError("no answer", expected="one", remedy="start it")


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def follow(tmp_path, metrics):
    """`follow(source)`: a live model that has looked at its registry once."""
    started = []

    def start(source):
        live = LiveModel(source, tmp_path / "last_good", metrics, look_interval_s=SOON_S)
        live.start(wait_s=5)
        started.append(live)
        return live

    yield start
    for live in started:
        live.stop()


def test_the_production_model_is_served(follow, tiny_model):
    live = follow(Source(lambda: "1", tiny_model))
    assert live.current.version == "1"
    assert live.problem is None


def test_a_promotion_replaces_the_model(follow, tiny_model, eventually):
    source = Source(lambda: "1", lambda version: tiny_model(version, seed=int(version)))
    live = follow(source)
    source.look = lambda: "2"
    eventually(lambda: live.current.version == "2")
    assert live.current.manifest.threshold == tiny_model("2", seed=2).manifest.threshold


def test_the_model_is_loaded_once(follow, tiny_model, eventually):
    loads, looks = [], []
    source = Source(lambda: looks.append(1) or "1", lambda version: loads.append(1) or tiny_model(version))
    follow(source)
    eventually(lambda: len(looks) > 5)
    assert len(loads) == 1


def test_a_model_that_cannot_score_is_refused_and_the_old_one_stays(follow, tiny_model, eventually):
    damaged = replace(tiny_model("2"), booster_text="damaged")
    source = Source(lambda: "1", lambda version: tiny_model("1") if version == "1" else damaged)
    live = follow(source)
    source.look = lambda: "2"
    eventually(lambda: live.problem is not None)
    assert live.current.version == "1"
    assert "SHA-256" in live.problem


def test_a_refused_version_is_not_loaded_again_and_again(follow, tiny_model, eventually):
    loads, looks = [], []
    damaged = replace(tiny_model("2"), booster_text="damaged")
    live = follow(Source(lambda: looks.append(1) or "2", lambda _: loads.append(1) or damaged))
    eventually(lambda: len(looks) > 5)
    assert len(loads) == 1
    assert live.current is None


def test_nothing_in_production_means_no_model_until_one_is_promoted(follow, tiny_model, eventually):
    source = Source(lambda: None, tiny_model)
    live = follow(source)
    assert live.current is None
    assert "train and promote" in live.problem
    source.look = lambda: "1"
    eventually(lambda: live.current is not None)


def test_while_the_registry_is_away_the_last_good_model_is_served(follow, tiny_model, eventually):
    follow(Source(lambda: "1", tiny_model))
    source = Source(away, tiny_model)
    live = follow(source)
    assert live.current.version == "1"
    assert live.current.is_copy
    assert "found no answer" in live.problem
    source.look = lambda: "1"
    eventually(lambda: not live.current.is_copy)
    assert live.problem is None


def test_a_registry_that_says_no_takes_the_last_good_model_back(follow, tiny_model):
    follow(Source(lambda: "1", tiny_model))
    assert follow(Source(lambda: None, tiny_model)).current is None


def test_a_damaged_last_good_model_is_not_served(follow, tiny_model, tmp_path):
    follow(Source(lambda: "1", tiny_model))
    (tmp_path / "last_good" / "1" / "booster.txt").write_text("damaged")
    assert follow(Source(away, tiny_model)).current is None


def test_whatever_a_registry_client_raises_the_model_stays(follow, tiny_model, eventually):
    source = Source(lambda: "1", tiny_model)
    live = follow(source)
    source.look = lambda: {}["no such key"]
    eventually(lambda: live.problem is not None)
    assert live.current.version == "1"
    assert "KeyError" in live.problem


def test_a_registry_that_hangs_is_not_waited_for(tiny_model, tmp_path, eventually):
    tiny_model("1").save(tmp_path)
    answer = threading.Event()
    source = Source(lambda: "2" if answer.wait(10) else None, tiny_model)
    live = LiveModel(source, tmp_path, Metrics(), look_interval_s=SOON_S)
    live.start(wait_s=0.1)
    assert live.current.version == "1"
    answer.set()
    eventually(lambda: live.current.version == "2")
    live.stop()


def test_a_model_that_scores_its_canaries_otherwise_is_refused_until_another_one_comes(
    follow, tiny_model, eventually, metrics
):
    canaries = Canaries((Canary({"AMT_CREDIT": 1.0}, 0.999),))
    wrong = replace(tiny_model("2", seed=2), canaries=canaries)
    source = Source(lambda: "1", lambda version: wrong if version == "2" else tiny_model(version))
    with capture_logs() as lines:
        live = follow(source)
        source.look = lambda: "2"
        eventually(lambda: live.problem is not None and metrics.model_refused._value.get() == 1)
        assert live.current.version == "1"
        assert "1 of 1 canary applications" in live.problem
        source.look = lambda: "3"
        eventually(lambda: live.current.version == "3" and metrics.model_refused._value.get() == 0)
    assert live.problem is None
    (refusal,) = [line for line in lines if line["log_level"] == "error"]
    assert (refusal["event"], refusal["model_version"], refusal["serving"]) == ("model_refused", "2", "1")


def test_an_outage_while_a_version_is_refused_is_not_another_refusal(follow, tiny_model, eventually):
    damaged = replace(tiny_model("2"), booster_text="damaged")
    source = Source(lambda: "2", lambda _: damaged)
    with capture_logs() as lines:
        live = follow(source)
        eventually(lambda: "SHA-256" in live.problem)
        source.look = away
        eventually(lambda: "no answer" in live.problem)
    assert [line["event"] for line in lines if "reason" in line] == ["model_refused", "live_model_problem"]


def test_what_the_service_requires_besides_is_asked_of_every_model(tiny_model, tmp_path, metrics):
    def refuse(model):
        raise ModelError(f"no reasons for model {model.version}", expected="some", remedy="write them")

    live = LiveModel(Source(lambda: "1", tiny_model), tmp_path, metrics, look_interval_s=SOON_S, requirements=[refuse])
    live.start(wait_s=5)
    live.stop()
    assert live.current is None
    assert "no reasons for model 1" in live.problem


def test_a_copy_that_has_been_live_ever_since_answers_before_the_registry_does(follow, tiny_model):
    kept = follow(Platform(lambda: "1", tiny_model, since="monday"))
    kept.stop()
    answer = threading.Event()
    live = follow(Platform(lambda: "1" if answer.wait(10) else None, tiny_model, since="monday"))
    assert live.current.version == "1"
    assert not live.current.is_copy
    assert live.problem is None
    answer.set()


@pytest.mark.parametrize("since", ["tuesday", None])
def test_a_copy_of_another_stay_waits_for_the_registry(follow, tiny_model, since):
    kept = follow(Platform(lambda: "1", tiny_model, since="monday"))
    kept.stop()
    live = follow(Platform(lambda: "2", lambda version: tiny_model(version, seed=2), since=since))
    assert live.current.version == "2"


def test_a_copy_that_was_kept_without_a_history_waits_for_the_registry(follow, tiny_model):
    kept = follow(Source(lambda: "1", tiny_model))
    kept.stop()
    live = follow(Platform(lambda: "2", lambda version: tiny_model(version, seed=2), since=None))
    assert live.current.version == "2"
