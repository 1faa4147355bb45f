"""The reference sample and its statistics."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import DriftError
from credit_risk.reference import reference_sample, reference_statistics


@pytest.fixture
def population():
    return pd.DataFrame(
        {
            "SK_ID_CURR": np.arange(100),
            "AMT_CREDIT": np.arange(100.0),
            "CODE_GENDER": ["F", "M"] * 50,
        },
        index=np.arange(1_000, 1_100),
    )


def test_a_sample_holds_the_features_asked_for_in_the_order_of_the_clients(population):
    sample = reference_sample(population, ["AMT_CREDIT", "CODE_GENDER"], 10, np.random.default_rng(1))
    assert list(sample.columns) == ["AMT_CREDIT", "CODE_GENDER"]
    assert sample.index.tolist() == list(range(10))
    assert sample["AMT_CREDIT"].is_monotonic_increasing
    assert sample["AMT_CREDIT"].is_unique


def test_the_same_seed_draws_the_same_sample(population):
    one, other = (reference_sample(population, ["AMT_CREDIT"], 10, np.random.default_rng(7)) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_a_small_population_is_taken_whole(population):
    sample = reference_sample(population, ["AMT_CREDIT"], 5_000, np.random.default_rng(1))
    assert sample["AMT_CREDIT"].tolist() == population["AMT_CREDIT"].tolist()


def test_features_that_the_population_lacks_are_all_named(population):
    with pytest.raises(DriftError, match=r"2 of them absent \(GHOST, SPOOK\)") as caught:
        reference_sample(population, ["GHOST", "AMT_CREDIT", "SPOOK"], 10, np.random.default_rng(1))
    assert caught.value.fields["lacking"] == ["GHOST", "SPOOK"]


def test_a_population_without_rows_is_refused(population):
    with pytest.raises(DriftError, match="found 0 rows"):
        reference_sample(population.head(0), ["AMT_CREDIT"], 10, np.random.default_rng(1))


def test_statistics_describe_the_values_that_are_not_missing():
    sample = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, np.nan], "category": list("aabbc")})
    expected = pd.DataFrame(
        {
            "feature_name": ["x"],
            "mean": [2.5],
            "std": [np.sqrt(5 / 3)],
            "median": [2.5],
            "q25": [1.75],
            "q75": [3.25],
            "n_samples": [4],
        }
    )
    pd.testing.assert_frame_equal(reference_statistics(sample), expected)


def test_a_feature_without_values_has_no_statistics_but_a_row():
    statistics = reference_statistics(pd.DataFrame({"x": [np.nan, np.nan]}))
    assert statistics["n_samples"].tolist() == [0]
    assert statistics[["mean", "std", "median", "q25", "q75"]].isna().all(axis=None)


def test_categories_alone_have_no_statistics():
    statistics = reference_statistics(pd.DataFrame({"category": ["a", "b"], "flag": [True, False]}))
    assert statistics.empty
    assert list(statistics.columns) == ["feature_name", "mean", "std", "median", "q25", "q75", "n_samples"]
