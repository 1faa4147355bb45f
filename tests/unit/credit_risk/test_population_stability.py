"""The population stability index by hand, its bins, and its noise."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import PreparedReference
from credit_risk.errors import DriftError
from credit_risk.population_stability import population_stability


def numbers(n, seed, shift=0.0):
    return pd.DataFrame({"x": np.random.default_rng(seed).normal(shift, size=n)})


def only_row(reference, current, **options):
    return population_stability(reference, current, **options).iloc[0]


def test_the_index_of_two_levels_is_what_the_formula_says():
    reference = pd.DataFrame({"gender": ["F"] * 650 + ["M"] * 350})
    current = pd.DataFrame({"gender": ["F"] * 50 + ["M"] * 50})
    one, other = np.array([650.5, 350.5]) / 1_001, np.array([50.5, 50.5]) / 101
    found = only_row(reference, current)
    assert found["psi"] == pytest.approx(((other - one) * np.log(other / one)).sum())
    assert found["bins"] == [
        {"bin": "F", "reference": 0.65, "window": 0.5},
        {"bin": "M", "reference": 0.35, "window": 0.5},
    ]


def test_numbers_fall_into_tenths_of_the_reference():
    found = only_row(numbers(5_000, 1), numbers(1_000, 2))
    assert found["n_bins"] == 10
    assert [part["reference"] for part in found["bins"]] == pytest.approx([0.1] * 10)
    assert sum(part["window"] for part in found["bins"]) == pytest.approx(1.0)


def test_the_index_of_clean_windows_is_what_is_said_of_them():
    found = [only_row(numbers(5_000, 1_000 + seed), numbers(300, seed)) for seed in range(60)]
    indices = [row["psi"] for row in found]
    error = np.std(indices) / np.sqrt(len(indices))
    assert np.mean(indices) == pytest.approx(found[0]["clean_psi"], abs=4 * error)


def test_a_moved_feature_comes_first():
    reference = pd.concat([numbers(3_000, 1), numbers(3_000, 2).rename(columns={"x": "y"})], axis=1)
    current = pd.concat([numbers(500, 3), numbers(500, 4, shift=1.0).rename(columns={"x": "y"})], axis=1)
    found = population_stability(reference, current)
    assert found["feature"].tolist() == ["y", "x"]
    assert found["psi"][0] > 0.25 > found["psi"][1]


def test_missing_values_are_a_bin_of_their_own():
    current = numbers(500, 2)
    current.loc[:99, "x"] = np.nan
    found = only_row(numbers(3_000, 1), current)
    assert found["bins"][-1] == {"bin": "missing", "reference": 0.0, "window": 0.2}


def test_a_feature_that_the_window_lacks_is_missing_in_all_rows():
    found = only_row(numbers(3_000, 1), pd.DataFrame({"other": np.zeros(50)}), features=["x"])
    assert found["bins"][-1]["window"] == 1.0
    assert np.isfinite(found["psi"])


def test_few_values_have_a_bin_each():
    reference, current = pd.DataFrame({"flag": [1] * 950 + [0] * 50}), pd.DataFrame({"flag": [1] * 80 + [0] * 20})
    found = only_row(reference, current)
    assert [(part["bin"], part["window"]) for part in found["bins"]] == [("up to 0", 0.2), ("above 0", 0.8)]


def test_a_constant_that_changed_is_seen():
    found = only_row(pd.DataFrame({"x": [7.0] * 1_000}), pd.DataFrame({"x": [6.0] * 100}))
    assert found["psi"] > 5.0
    assert only_row(pd.DataFrame({"x": [7.0] * 1_000}), pd.DataFrame({"x": [7.0] * 100}))["psi"] < 0.05


def test_new_and_rare_levels_share_a_bin():
    reference = pd.DataFrame({"job": ["a"] * 500 + ["b"] * 300 + ["c"] * 200})
    current = pd.DataFrame({"job": ["a"] * 50 + ["new"] * 50})
    found = only_row(reference, current, bins=2)
    assert [part["bin"] for part in found["bins"]] == ["a", "b", "other levels"]
    assert [part["window"] for part in found["bins"]] == [0.5, 0.0, 0.5]


def test_a_prepared_reference_gives_the_same_index():
    reference = numbers(3_000, 1).assign(job=np.random.default_rng(1).choice(["a", "b"], 3_000))
    current = numbers(300, 2).assign(job="a")
    pd.testing.assert_frame_equal(
        population_stability(PreparedReference.of(reference), current), population_stability(reference, current)
    )


@pytest.mark.parametrize(("rows", "bins"), [(10, 1), (0, 10)])
def test_nothing_to_put_into_bins_is_refused(rows, bins):
    with pytest.raises(DriftError, match=f"{bins} bins and a window of {rows} rows"):
        population_stability(numbers(100, 1), numbers(rows, 2), bins=bins)


def test_features_that_the_reference_lacks_are_all_named():
    with pytest.raises(DriftError, match=r"\(GHOST, SPOOK\)"):
        population_stability(numbers(100, 1), numbers(100, 2), features=["GHOST", "x", "SPOOK"])
