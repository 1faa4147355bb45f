"""Numbers in words: how the page writes counts, shares, p-values and amounts.

Here: formatting alone. Keep out: sentences (they are in the template).
"""

from math import floor, isnan, log10

NOTHING = "-"

# Below, the exact size of a p-value tells nobody anything.
SMALLEST_P = 1e-4
# From here on digits after the point are noise.
THOUSAND = 1_000.0
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def count(value: int) -> str:
    """12,345."""
    return f"{value:,}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 0 to 1 as 12 %; what is above nothing is never shown as nothing."""
    if share is None or isnan(share):
        return NOTHING
    least = 10.0 ** -(digits + 2)
    if 0.0 < share < least:
        return f"< {100 * least:.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def decimal(value: float | None, digits: int = 3) -> str:
    """0.123."""
    return NOTHING if value is None or isnan(value) else f"{value:.{digits}f}"


def p_value(value: float | None) -> str:
    """0.0123, or < 0.0001."""
    if value is None or isnan(value):
        return NOTHING
    return f"< {SMALLEST_P:.4f}" if value < SMALLEST_P else f"{value:.4f}"


def milliseconds(value: float | None) -> str:
    """0.31 ms; three figures."""
    if value is None or isnan(value):
        return NOTHING
    digits = max(0, 2 - floor(log10(value))) if value > 0 else 0
    return f"{value:.{min(digits, 2)}f} ms"


def amount(value: float) -> str:
    """A number of any size in a few characters: 0.42, 1,234, 5.6 M."""
    for size, unit in UNITS:
        if abs(value) >= size > THOUSAND:
            return f"{value / size:.3g} {unit}"
    return f"{value:,.0f}" if abs(value) >= THOUSAND else f"{value:.3g}"
