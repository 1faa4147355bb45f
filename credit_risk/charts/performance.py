"""The performance chart: what was estimated, and what came true, day by day.

Here: one picture of stored rows. Keep out: their figures (`credit_risk.performance`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.charts.png import png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from credit_risk.estimate import Floats

WIDTH, HEIGHT = 9.0, 7.5
# Blue and orange of the Okabe-Ito palette, which everyone can tell apart; the marks differ as well.
ESTIMATED, REALISED, REFERENCE = "#0072b2", "#d55e00", "#555555"

# As many dates as stand side by side at this width without touching.
MOST_LABELS = 9

Row = Mapping[str, Any]


def performance_chart(rows: Sequence[Row]) -> bytes:
    """Cost and AUC among the approved, and maturity, by day of decision.

    Args:
        rows: columns of `performance_reports`, at least one row; of several models on a day the one
            with most decisions is drawn.

    Returns:
        A PNG file.
    """
    from matplotlib.figure import Figure

    drawn = _of_most_decisions(rows)
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    cost, area, maturity = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1.4])
    _compared(cost, drawn, "cost_estimated_approved", "cost_realised_approved", "cost_reference_approved")
    cost.set_ylabel("cost per approved application")
    cost.set_title(
        f"{drawn[0]['report_date']} to {drawn[-1]['report_date']}, by day of decision", loc="left", fontsize=10
    )
    cost.legend(fontsize=8, frameon=False, ncols=3)
    _compared(area, drawn, "auc_estimated", "auc_approved", "auc_reference")
    area.set_ylabel("AUC among the approved")
    maturity.bar(_days(drawn), _values(drawn, "maturity"), color=REALISED, alpha=0.5, width=0.8)
    maturity.set_ylim(0, 1)
    maturity.set_ylabel("outcomes known")
    _label_days(maturity)
    for axes in (cost, area, maturity):
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return png(figure)


def _compared(axes: "Axes", rows: Sequence[Row], estimated: str, realised: str, reference: str) -> None:
    """The estimate with its interval as a band, what came true as points with theirs, the promise as a line."""
    days, edges = _days(rows), _edges(rows)
    low, high = (np.repeat(_values(rows, f"{estimated}_{end}"), 2) for end in ("low", "high"))
    axes.fill_between(edges, low, high, color=ESTIMATED, alpha=0.18, linewidth=0)
    axes.plot(days, _values(rows, estimated), color=ESTIMATED, linewidth=1.4, marker=".", label="estimated")
    value = _values(rows, realised)
    below, above = value - _values(rows, f"{realised}_low"), _values(rows, f"{realised}_high") - value
    axes.errorbar(days, value, yerr=np.maximum(0.0, [below, above]), fmt="D", markersize=3.5, color=REALISED,
                  elinewidth=0.9, capsize=2, label="realised")  # fmt: skip
    promised = np.repeat(_values(rows, reference), 2)
    axes.plot(edges, promised, color=REFERENCE, linewidth=1.0, linestyle="--", label="out of fold")


def _label_days(axes: "Axes") -> None:
    """Days on the time axis: of one or two of them matplotlib would label the hours, of which nothing is known."""
    from matplotlib.dates import DateFormatter
    from matplotlib.ticker import MaxNLocator

    # A day is a whole number to matplotlib. One tick is enough where there is one day.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=MOST_LABELS, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))  # type: ignore[no-untyped-call]  # matplotlib's
    axes.tick_params(axis="x", labelrotation=30, labelsize=8)


def _of_most_decisions(rows: Sequence[Row]) -> list[Row]:
    largest: dict[Any, Row] = {}
    for row in rows:
        known = largest.get(row["report_date"])
        if known is None or row["n_decided"] > known["n_decided"]:
            largest[row["report_date"]] = row
    return [largest[day] for day in sorted(largest)]


def _days(rows: Sequence[Row]) -> Any:  # noqa: ANN401  # dates, which matplotlib draws and its types leave out
    return [row["report_date"] for row in rows]


def _edges(rows: Sequence[Row]) -> Any:  # noqa: ANN401  # times, which matplotlib draws and its types leave out
    """Half a day to either side of each day's mark, so that what holds all day can be seen of a single one."""
    days = np.array(_days(rows), dtype="datetime64[h]")
    return (days[:, None] + np.array([-12, 12], dtype="timedelta64[h]")).ravel()


def _values(rows: Sequence[Row], name: str) -> "Floats":
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
