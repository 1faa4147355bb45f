import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from benchmarks.drift_study_population import (
    BLOCKS,
    CATEGORIES,
    COMMON,
    FEATURES,
    NUMBERS,
    OF_BLOCK,
    PRESENT_FAMILY,
    SPARSE_FAMILY,
    Feature,
    Population,
    Shift,
)

CLIENTS = 40_000
EVERYBODY = np.arange(CLIENTS)
# Shares of 40,000 clients are known to 0.0025 (one standard error at most); four of them.
NEAR = 0.01


@pytest.fixture(scope="module")
def correlated():
    return Population("correlated", seed=1, clients=CLIENTS)


@pytest.fixture(scope="module")
def independent():
    return Population("independent", seed=1, clients=CLIENTS)


def after(people, kind, amount, names=FEATURES, seed=2):
    return pd.DataFrame(people.moved(EVERYBODY, Shift(kind, amount), names, np.random.default_rng(seed)))


def numbers(people):
    return pd.DataFrame(people.clean(EVERYBODY))[list(NUMBERS)]


def ks(one, other):
    one, other = np.sort(one.dropna()), np.sort(other.dropna())
    at = np.concatenate([one, other])
    gap = np.searchsorted(one, at, side="right") / len(one) - np.searchsorted(other, at, side="right") / len(other)
    return np.abs(gap).max()


def distance(one, other):
    return (one.value_counts(normalize=True) - other.value_counts(normalize=True)).abs().sum() / 2.0


def test_there_are_30_features_of_which_12_are_categories():
    assert (len(FEATURES), len(set(FEATURES)), len(CATEGORIES)) == (30, 30, 12)


def test_missing_shares_are_those_of_the_real_table(correlated, independent):
    expected = np.array([Feature(name).missing for name in FEATURES])
    for people in (correlated, independent):
        seen = pd.DataFrame(people.clean(EVERYBODY)).isna().mean().to_numpy()
        np.testing.assert_allclose(seen, expected, atol=NEAR)


def test_shares_of_levels_are_those_of_the_real_table(correlated):
    housing = pd.Series(correlated.clean(EVERYBODY)["NAME_HOUSING_TYPE"])
    feature = Feature("NAME_HOUSING_TYPE")
    seen = housing.value_counts(normalize=True)[list(feature.levels)]
    np.testing.assert_allclose(seen, feature.shares, atol=NEAR)


def test_correlated_features_hang_together_within_a_block_and_less_across(correlated):
    ranks = numbers(correlated).corr(method="spearman")
    # Spearman's coefficient of a normal correlation r is 6 / pi arcsin(r / 2) (Pearson 1907).
    within, across = (6.0 / np.pi * np.arcsin(r / 2.0) for r in (COMMON + OF_BLOCK, COMMON))
    assert ranks.loc["DAYS_BIRTH", "DAYS_REGISTRATION"] == pytest.approx(within, abs=0.02)
    assert ranks.loc["DAYS_BIRTH", "AMT_CREDIT"] == pytest.approx(across, abs=0.02)


def test_independent_features_do_not_hang_together(independent):
    ranks = numbers(independent).corr(method="spearman").to_numpy()
    assert np.abs(ranks[~np.eye(len(ranks), dtype=bool)]).max() < 0.04


def test_features_of_a_block_are_missing_together_where_features_are_correlated(correlated, independent):
    both = ["APARTMENTS_AVG", "YEARS_BUILD_AVG"]
    together = pd.DataFrame(correlated.clean(EVERYBODY))[both].isna().all(axis=1).mean()
    alone = pd.DataFrame(independent.clean(EVERYBODY))[both].isna().all(axis=1).mean()
    shares = [Feature(name).missing for name in both]
    assert together == pytest.approx(min(shares), abs=NEAR)
    assert alone == pytest.approx(shares[0] * shares[1], abs=NEAR)


@pytest.mark.parametrize("amount", [0.25, 0.5, 1.0])
def test_a_move_of_the_mean_has_the_distance_that_it_has_for_a_normal_feature(independent, amount):
    moved = after(independent, "mean", amount, NUMBERS)
    before = numbers(independent)
    expected = 2.0 * ndtr(amount / 2.0) - 1.0
    for name in ("AMT_CREDIT", "DAYS_BIRTH", "EXT_SOURCE_2"):
        assert ks(before[name], moved[name]) == pytest.approx(expected, abs=NEAR)


def test_a_move_in_own_units_moves_the_mean_of_every_number_by_so_many_standard_deviations(independent):
    before = numbers(independent)
    moved = after(independent, "value", 0.5, NUMBERS)
    np.testing.assert_allclose((moved.mean() - before.mean()) / before.std(), 0.5, atol=NEAR)


def test_a_count_that_moves_stays_a_count(independent):
    moved = after(independent, "value", 0.5, ["AMT_REQ_CREDIT_BUREAU_YEAR"])["AMT_REQ_CREDIT_BUREAU_YEAR"].dropna()
    assert (moved == moved.round()).all()


def test_a_wider_spread_keeps_the_median_and_widens_the_tails(independent):
    before, moved = numbers(independent)["DAYS_BIRTH"], after(independent, "spread", 2.0, ["DAYS_BIRTH"])["DAYS_BIRTH"]
    assert (moved < before.median()).mean() == pytest.approx(0.5, abs=NEAR)
    # Twice as wide, the tenth percentile of before is where the score is -1.28 / 2.
    assert (moved < before.quantile(0.1)).mean() == pytest.approx(ndtr(-1.2816 / 2.0), abs=NEAR)


def test_more_is_missing_by_the_points_that_were_asked_for(correlated):
    more = after(correlated, "missing", 0.15).isna().mean() - [Feature(name).missing for name in FEATURES]
    np.testing.assert_allclose(more, 0.15, atol=NEAR)


@pytest.mark.parametrize("amount", [0.1, 0.3])
def test_a_mix_moves_by_the_distance_that_was_asked_for(independent, amount):
    before, moved = independent.clean(EVERYBODY), after(independent, "mix", amount, CATEGORIES)
    for name in CATEGORIES:
        # Less than half of the clients have a building report: its shares are known less well.
        assert distance(pd.Series(before[name]), moved[name]) == pytest.approx(amount, abs=2.0 * NEAR)


def test_a_mix_that_moved_is_still_a_mix():
    for name in CATEGORIES:
        shares = Feature(name).mixed(0.3)
        assert shares.sum() == pytest.approx(1.0)
        assert (shares >= 0.0).all()


def test_without_correlation_each_feature_stays_as_it_was(correlated):
    before, moved = numbers(correlated), after(correlated, "correlation", 0.0, NUMBERS)
    assert max(ks(before[name], moved[name]) for name in PRESENT_FAMILY) < 2.0 * NEAR
    assert abs(moved.corr(method="spearman").loc["AMT_CREDIT", "AMT_ANNUITY"]) < 0.03


def test_so_much_of_the_correlation_is_left_as_was_asked_for(correlated):
    before, moved = numbers(correlated), after(correlated, "correlation", 0.8, ["AMT_CREDIT"])["AMT_CREDIT"]
    left = 2.0 * np.sin(np.pi / 6.0 * moved.corr(before["AMT_ANNUITY"], method="spearman"))
    assert left == pytest.approx(0.8 * (COMMON + OF_BLOCK), abs=0.02)
    assert ks(before["AMT_CREDIT"], moved) < 2.0 * NEAR


def test_so_many_rows_come_from_elsewhere_and_the_same_ones_for_all_features(correlated):
    before, moved = numbers(correlated), after(correlated, "rows", 0.03, NUMBERS)
    differs = moved[["AMT_CREDIT", "DAYS_BIRTH"]].ne(before[["AMT_CREDIT", "DAYS_BIRTH"]])
    assert differs["AMT_CREDIT"].mean() == pytest.approx(0.03, abs=0.004)
    assert (differs["AMT_CREDIT"] == differs["DAYS_BIRTH"]).mean() > 0.999


def test_nearly_all_have_the_one_family_and_half_lack_half_of_the_other():
    assert max(Feature(name).missing for name in PRESENT_FAMILY) < 0.2
    assert sum(Feature(name).missing > 0.45 for name in SPARSE_FAMILY) == 6


def test_the_same_seed_makes_the_same_clients():
    one, other = (Population("correlated", seed=3, clients=500).clean(np.arange(500)) for _ in range(2))
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_another_seed_makes_others():
    one, other = (Population("correlated", seed=seed, clients=500).clean(np.arange(500)) for seed in (3, 4))
    assert not pd.DataFrame(one)["AMT_CREDIT"].equals(pd.DataFrame(other)["AMT_CREDIT"])


def test_every_block_holds_numbers_and_categories():
    assert all(set(block) & set(NUMBERS) and set(block) & set(CATEGORIES) for block in BLOCKS.values())
