"""A proportion with its interval: refusal rates, default rates, bins of a reliability table.

Here: the interval of a count out of a number. Keep out: rates themselves; their nouns know what is counted.
"""

import math

from credit_risk.estimate import Z_95, Estimate


def proportion(count: int, n: int) -> Estimate | None:
    """`count` of `n` with its 95 % interval, which stays in [0, 1] and is open at neither end; None of nothing.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference;
    recommended for small n by Brown, Cai, DasGupta (2001), Interval estimation for a binomial proportion.
    """
    if n == 0:
        return None
    share, z2 = count / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends Wilson's limit is the share itself; rounding would put it beside.
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == n else min(1.0, centre + half)
    return Estimate(share, low, high)
