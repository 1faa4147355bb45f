"""A small portfolio with a strong signal, and a model trained on it, for every test of the core.

Here: what several files of this folder need. Keep out: frames that one file needs.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from credit_risk.manifest import Manifest
from credit_risk.training import TrainedModel, train

# An example that takes long says that the machine is busy, not that the code is wrong.
settings.register_profile("credit_risk", deadline=None)
settings.load_profile("credit_risk")

Portfolio = tuple[pd.DataFrame, np.ndarray]


def _portfolio(n: int, seed: int = 0) -> Portfolio:
    rng = np.random.default_rng(seed)
    ext, ratio, noise = rng.normal(size=(3, n))
    jobs = rng.choice(["driver", "clerk", "nurse"], n, p=[0.3, 0.5, 0.2]).astype(object)
    default = rng.random(n) < 1 / (1 + np.exp(2.0 + 1.5 * ext - 0.8 * ratio - (jobs == "driver")))
    jobs[rng.random(n) < 0.1] = None
    ext[rng.random(n) < 0.2] = np.nan
    frame = pd.DataFrame(
        {
            "SK_ID_CURR": 100_001 + np.arange(n),
            "EXT_SOURCE_1": ext,
            "CREDIT_RATIO": ratio,
            "NOISE": noise,
            "CONSTANT": 1.0,
            "EMPTY": np.nan,
            "EMPTY_TEXT": pd.Series([None] * n, dtype=object),
            "OCCUPATION_TYPE": jobs,
            "CODE_GENDER": rng.choice(["F", "M"], n),
            "NAME_FAMILY_STATUS": rng.choice(["Married", "Single"], n),
        }
    )
    return frame, default.astype(np.int64)


def _manifest(model: TrainedModel) -> Manifest:
    return model.manifest(
        feature_version="features-1",
        raw_sha256={"application_train": "ab" * 32},
        code_version="0.1.0",
        trained_at="2026-11-01T00:00:00+00:00",
        mlflow_run_id="run-1",
        cause="test",
    )


@pytest.fixture(scope="session")
def make_portfolio() -> Callable[..., Portfolio]:
    return _portfolio


@pytest.fixture(scope="session")
def portfolio() -> Portfolio:
    return _portfolio(1500)


@pytest.fixture(scope="session")
def trained(portfolio: Portfolio) -> TrainedModel:
    return train(*portfolio)


@pytest.fixture(scope="session")
def manifest(trained: TrainedModel) -> Manifest:
    return _manifest(trained)
