import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import PortfolioError
from credit_risk.evaluation import auc, auc_difference
from credit_risk.gate.contender import Judged, Meeting
from credit_risk.gate.paired_bootstrap import _area_of, paired_differences


def test_a_resample_has_the_auc_of_its_rows_written_out(meeting, contender):
    both = meeting(contender("2", 0.5), contender("1", 1.0))
    drawn = np.random.default_rng(5).integers(0, len(both), len(both))
    counts = np.bincount(drawn, minlength=len(both)).astype(float)
    expected = auc(both.target[drawn], both.new.probability[drawn])
    assert _area_of(both.target, both.new)(counts) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30))
def test_ties_count_one_half_in_a_resample_as_everywhere(seed, levels):
    rng = np.random.default_rng(seed)
    target = (np.arange(50) % 5 == 0).astype(float)
    scores, weights = rng.integers(0, levels, 50) / levels, rng.uniform(0.1, 3.0, 50)
    found = _area_of(target, Judged(scores, 0.5))(weights)
    assert found == pytest.approx(auc(target, scores, weights=weights), abs=1e-12)


def test_the_interval_of_auc_is_as_wide_as_that_of_delong(meeting, contender):
    both = meeting(contender("2", 0.5), contender("1", 1.0))
    found = paired_differences(both, rng=np.random.default_rng(0), replicates=600).auc
    expected = auc_difference(both.target, both.new.probability, both.old.probability)
    assert found.value == pytest.approx(expected.value)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.12)


def test_the_interval_of_cost_is_that_of_a_mean_of_differences(meeting, contender):
    both = meeting(contender("2", 0.5), contender("1", 1.0))
    found = paired_differences(both, rng=np.random.default_rng(0), replicates=600).cost
    error = both.loss_differences.std() / np.sqrt(len(both))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.12)


def test_one_outcome_only_is_refused(meeting, contender):
    both = meeting(contender("2", 0.5), contender("1", 1.0), with_target=np.zeros(8000))
    with pytest.raises(PortfolioError, match="0 defaults among 8000 outcomes"):
        paired_differences(both, rng=np.random.default_rng(0))


def test_a_resample_without_a_default_is_left_out_of_the_interval_of_auc():
    target = np.zeros(40)
    target[7] = 1
    rng = np.random.default_rng(2)
    both = Meeting(np.arange(40), target, np.ones(40), Judged(rng.random(40), 0.5), Judged(rng.random(40), 0.5))
    found = paired_differences(both, rng=np.random.default_rng(0), replicates=60).auc
    assert np.isfinite([found.low, found.high]).all()
