import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.redundancy import redundancy

NAN = float("nan")


def found(**columns):
    return redundancy(
        np.column_stack([np.asarray(values, dtype=np.float64) for values in columns.values()]), [*columns]
    )


def normal(n, seed):
    return np.random.default_rng(seed).standard_normal(n)


def test_one_value_for_everybody_is_constant():
    assert found(A=[1, 1, 1], B=[1, 2, 3], C=[NAN, NAN, NAN]).constant == ("A", "C")


def test_a_value_that_only_some_have_is_not_constant():
    assert found(A=[1, NAN, 1], B=[NAN, 1, 1]).constant == ()


def test_copies_are_found_whatever_the_sign_of_zero():
    assert found(A=[0.0, 1, NAN], B=[3, 2, 1], C=[-0.0, 1, NAN]).duplicates == (("A", "C"),)


def test_a_monotone_transformation_ranks_alike():
    values = normal(500, 0)
    ((one, other, r),) = found(A=values, B=-np.exp(values), C=normal(500, 1)).alike
    assert (one, other) == ("A", "B")
    assert r == -1.0


def test_two_features_that_few_clients_have_are_not_alike_for_that():
    few = np.arange(5000) < 100
    assert found(A=np.where(few, normal(5000, 0), NAN), B=np.where(few, normal(5000, 1), NAN)).alike == ()


def test_copies_are_not_told_again_as_alike():
    values = normal(50, 0)
    result = found(A=values, B=values, C=values * 2)
    assert result.duplicates == (("A", "B"),)
    assert [(one, other) for one, other, _ in result.alike] == [("A", "C")]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 0.8))
def test_independent_features_are_never_called_redundant(seed, missing):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((200, 4))
    values[rng.random(values.shape) < missing] = NAN
    result = redundancy(values, list("ABCD"))
    assert (result.constant, result.duplicates, result.alike) == ((), (), ())
