"""The drift benchmark compares like with like, and its table says by how much."""

import numpy as np
import pytest

from benchmarks.drift_bench import OURS, SCIPY, Timing, heading, main, measure, samples, scipy_loop, table
from benchmarks.drift_samples import N_FEATURES, made_features, sample
from credit_risk.drift import compute_drift_report
from simulation.profile import load_profile


def test_features_have_the_missing_shares_of_the_published_columns():
    features = {feature.name: feature for feature in made_features()}
    assert len(features) == N_FEATURES
    frame = sample([features["EXT_SOURCE_1"], features["BUREAU_DAYS_CREDIT_MEAN"]], 20_000, np.random.default_rng(0))
    profile = load_profile()
    assert frame["EXT_SOURCE_1"].isna().mean() == pytest.approx(
        profile["application_train"]["EXT_SOURCE_1"].missing, abs=0.02
    )
    assert frame["BUREAU_DAYS_CREDIT_MEAN"].isna().mean() == pytest.approx(
        1.0 - profile["bureau"].share_with_history, abs=0.02
    )


def test_more_features_than_can_be_made_are_refused():
    with pytest.raises(ValueError, match="expected 5000"):
        made_features(5_000)


def test_the_loop_over_scipy_gives_the_p_values_of_ours():
    reference, current = samples(25, (4_000, 3_000))
    found = compute_drift_report(reference, current, rule="classic").details.set_index("feature")["p_value"]
    full = [name for name in reference.columns if current[name].count() > 1_000 and reference[name].nunique() > 1]
    expected = dict(zip(reference.columns, scipy_loop(reference, current), strict=True))
    assert len(full) > 15
    np.testing.assert_allclose(found[full], [expected[name] for name in full], atol=1e-12)


def test_every_side_runs_as_often_as_it_is_told():
    calls = []
    sides = {"one": lambda: calls.append("one"), "two": lambda: calls.append("two")}
    assert set(measure(sides, {"one": 3, "two": 1})) == {"one", "two"}
    assert calls == ["one", "two", "one", "one"]


def test_the_table_says_how_many_times_ours_a_side_took():
    rows = list(table({OURS: Timing(0.1, 0.2), SCIPY: Timing(1.0, 0.8)}))
    assert rows[-1].endswith("| 1.000 s | 0.800 s | 10.0 x | 4.0 x |")


def test_a_small_run_prints_both_comparisons(capsys):
    assert main(["--features", "4", "--scale", "0.001", "--no-peers"]) == 0
    printed = capsys.readouterr().out
    assert heading(4, (50, 50)) in printed
    assert heading(4, (308, 100)) in printed
