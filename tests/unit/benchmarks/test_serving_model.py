"""The benchmark's model and bodies."""

import numpy as np
import pytest

from benchmarks import serving_model
from benchmarks.serving_model import N_BODIES, REFUSED_SHARE, fingerprint, mixture

THRESHOLD = 0.1


def test_a_known_share_of_the_bodies_is_refused():
    probabilities = np.linspace(0, 0.3, 3 * N_BODIES)
    rows = mixture(probabilities, THRESHOLD, np.random.default_rng(0))
    assert len(set(rows.tolist())) == N_BODIES
    assert np.mean(probabilities[rows] >= THRESHOLD) == REFUSED_SHARE


def test_refused_bodies_are_spread_over_the_run():
    probabilities = np.linspace(0, 0.3, 3 * N_BODIES)
    rows = mixture(probabilities, THRESHOLD, np.random.default_rng(0))
    halves = np.split(probabilities[rows] >= THRESHOLD, 2)
    assert all(0.2 < half.mean() < 0.4 for half in halves)


def test_a_portfolio_with_too_few_refused_clients_is_turned_down():
    with pytest.raises(ValueError, match="0 refused and 500 approved"):
        mixture(np.zeros(500), THRESHOLD, np.random.default_rng(0))


def test_the_folder_is_named_by_the_code_that_makes_it(tmp_path, monkeypatch):
    source = tmp_path / "training.py"
    source.write_text("ROUNDS = 10")
    monkeypatch.setattr(serving_model, "_sources", lambda: iter([source]))
    before = fingerprint()
    assert fingerprint() == before
    source.write_text("ROUNDS = 11")
    assert fingerprint() != before


def test_the_code_that_makes_the_folder_is_all_there():
    files = list(serving_model._sources())
    assert len(files) > 20
    assert all(file.is_file() for file in files)
