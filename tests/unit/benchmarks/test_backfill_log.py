"""Made-up days of decisions: as many as asked, on every day, as the service would have stored them."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks import backfill_log
from resources.prediction_log import PredictionLog

LAST = date(2026, 1, 31)


@pytest.fixture
def filled(postgres, tiny_model, monkeypatch):
    manifest = tiny_model("1").manifest
    rng = np.random.default_rng(0)
    clients = manifest.feature_set.conform(
        pd.DataFrame(
            {
                "AMT_CREDIT": rng.lognormal(13, 0.6, 90),
                "EXT_SOURCE_1": np.where(rng.random(90) < 0.3, np.nan, rng.random(90)),
                "ORGANIZATION_TYPE": rng.choice(["School", "Trade"], 90),
            }
        )
    )
    monkeypatch.setattr(backfill_log, "_clients", lambda *_: clients)
    monkeypatch.setattr(backfill_log, "open_registry", lambda *_: _Registry(manifest))
    backfill_log.fill_log(postgres, _Settings, days=25, per_day=12, last=LAST)
    return PredictionLog(postgres)


class _Registry:
    def __init__(self, manifest):
        self._manifest = manifest

    def manifest(self, _version):
        return self._manifest


class _Settings:
    lake_root = "/nowhere"


def test_every_day_has_as_many_decisions(filled):
    first = LAST - timedelta(days=24)
    assert filled.count_by_day(first, LAST) == {first + timedelta(days=number): 12 for number in range(25)}


def test_days_differ_and_every_decision_is_one(filled):
    frames = dict(filled.features_between(LAST - timedelta(days=24), LAST))
    means = Counter(round(frame["AMT_CREDIT"].mean(), 6) for frame in frames.values())
    assert sorted(means.values()) == [2] * 5 + [3] * 5
    decisions = filled.decisions_frame(LAST - timedelta(days=24), LAST)
    assert decisions["prediction_id"].is_unique
