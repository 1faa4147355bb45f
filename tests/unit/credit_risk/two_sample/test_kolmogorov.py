"""The limiting probabilities against SciPy's one-at-a-time ones."""

import numpy as np
import pytest
from scipy import stats

from credit_risk.two_sample.kolmogorov import limiting_survival


# 501: two samples of just over 1,000; 2,500: of 5,000; 75,000: the whole training population.
# The regions of the method meet at n d^2 = 0.036, n d^1.5 = 1.4 and n d^2 = 2.2.
@pytest.mark.parametrize("size", [60, 140, 499, 501, 2_500, 75_000, 120_000])
def test_equals_scipy_in_every_region(size):
    dense = np.concatenate([np.linspace(0.001, 0.3, 40), np.linspace(0.3, 2.19, 15)])
    scaled = np.append(dense, [2.2, 2.21, 4.0, 9.0, 50.0, 369.0, 371.0])
    # SciPy needs 80 ms for each value of the tail of a large size.
    scaled = scaled if size < 10_000 else scaled[:-4]
    distance = np.sqrt(scaled / size)
    distance = distance[distance < 1.0]
    expected = stats.kstwo.sf(distance, size)
    found = limiting_survival(distance, np.full(len(distance), float(size)))
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-12)


def test_the_tail_keeps_its_leading_digits():
    distance = np.array([0.05, 0.1, 0.3])
    found = limiting_survival(distance, np.full(3, 2_500.0))
    np.testing.assert_allclose(found, stats.kstwo.sf(distance, 2_500), rtol=1e-11)


def test_the_ends_of_the_scale_are_certain_and_impossible():
    np.testing.assert_array_equal(limiting_survival(np.array([0.0, 1.0]), np.full(2, 600.0)), [1.0, 0.0])
