import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import PortfolioError
from credit_risk.folds import N_FOLDS, check_folds, fold_of, splits

CLIENTS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50)


def test_the_hash_is_splitmix64():
    # Published first outputs of the generator seeded with 0; its state moves by the constant.
    gamma = 0x9E3779B97F4A7C15 - 2**64
    outputs = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]
    assert fold_of([0, gamma]).tolist() == [output % N_FOLDS for output in outputs]


def test_the_fold_of_a_client_never_changes():
    # Stored out-of-fold predictions are compared by fold: another assignment would orphan them.
    assert fold_of([100001, 100002, 100003, 278621, 456255]).tolist() == [1, 1, 4, 4, 2]


@given(CLIENTS)
def test_a_fold_does_not_depend_on_other_clients(clients):
    assert fold_of(clients).tolist() == [int(fold_of([client])[0]) for client in clients]


def test_folds_are_about_equal_in_size():
    sizes = np.bincount(fold_of(np.arange(100_000, 200_000)))
    assert len(sizes) == N_FOLDS
    assert np.abs(sizes - 20_000).max() < 600


def test_folds_split_every_row_once():
    fold = fold_of(np.arange(100))
    parts = list(splits(fold))
    assert sorted(np.concatenate([held_out for _, held_out in parts])) == list(range(100))
    assert all(not set(train) & set(held_out) for train, held_out in parts)


def test_a_fold_without_a_default_is_named_with_all_counts():
    fold = np.repeat(np.arange(5), 10)
    target = np.where(np.arange(50) % 10 == 0, 1.0, 0.0)
    target[40] = 0.0
    with pytest.raises(PortfolioError, match=r"folds hold \[1, 1, 1, 1, 0\] defaults"):
        check_folds(fold, target)


def test_a_fold_without_a_repaid_loan_is_refused():
    with pytest.raises(PortfolioError, match=r"\[0, 0, 0, 0, 0\] repaid"):
        check_folds(np.repeat(np.arange(5), 10), np.ones(50))
