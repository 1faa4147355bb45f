"""The pictures of the drift study, as PNG.

Here: false alarms and detection power over the number of predictions. Keep out: the figures (`drift_study_rates`).
"""

from typing import TYPE_CHECKING

from benchmarks.drift_study_rates import Figures, Rate, Tally
from benchmarks.drift_study_tables import MOST_WARNINGS, SCOPES, said, shifted, unshifted
from benchmarks.drift_study_trials import DEPENDENCES, JUDGES, SHIFTS, SIZES
from credit_risk.charts.png import png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Dark and light of one hue for amounts; blue and orange, which everyone can tell apart, for rules.
AMOUNT_COLOURS = ("#9ecae1", "#4292c6", "#08306b")
RULE_COLOURS = {"corrected": "#08519c", "classic": "#d95f0e"}
LINES = {"correlated": "-", "independent": "--"}

KINDS = {
    "mean": "mean",
    "spread": "spread",
    "missing": "missing share",
    "mix": "mix of categories",
}


def pictures(figures: Figures) -> dict[str, bytes]:
    """Every picture of the page, by file name."""
    return {"drift_false_alarms.png": false_alarms(figures), "drift_power.png": power(figures)}


def false_alarms(figures: Figures) -> bytes:
    """Clean windows that are a warning or worse, by rule and dependence, with 95 % intervals."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7.0, 3.4))
    axes = drawing.subplots()
    for rule in JUDGES:
        for dependence in DEPENDENCES:
            tallies = [figures.get(unshifted(dependence, size, rule), Tally()) for size in SIZES]
            rates = [Rate.of(tally.warnings, tally.windows) for tally in tallies]
            _line(axes, rates, f"{rule}, {dependence}", RULE_COLOURS[rule], LINES[dependence])
    axes.axhline(100.0 * MOST_WARNINGS, color="#888888", linewidth=0.8)
    axes.annotate("target: 0.5 %", (SIZES[-1], 100.0 * MOST_WARNINGS), ha="right", va="bottom", fontsize=7)
    # Nought and 99 % on one scale: linear below one percent, logarithmic above.
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0.0, 110.0)
    axes.set_yticks([0.0, 0.5, 1.0, 10.0, 100.0], ["0", "0.5", "1", "10", "100"])
    axes.set_ylabel("clean windows called warning\nor worse, %", fontsize=8)
    axes.set_xlabel("predictions in the window", fontsize=8)
    axes.legend(frameon=False, fontsize=7, loc="upper center", ncols=2)
    return png(drawing)


def power(figures: Figures) -> bytes:
    """What the default rule finds: one feature called drifted, twelve an alert, all thirty an alert."""
    from matplotlib.figure import Figure

    rows = ("one", "family", "all")
    drawing = Figure(figsize=(9.0, 6.2), layout="constrained")
    panels = drawing.subplots(len(rows), len(KINDS), sharex=True, sharey=True)
    for row, scope in enumerate(rows):
        for column, kind in enumerate(KINDS):
            axes = panels[row][column]
            if scope == "all" and kind == "mix":
                axes.set_visible(False)
                continue
            _power_panel(axes, figures, scope, kind)
            if row == 0:
                axes.set_title(KINDS[kind], fontsize=9)
                axes.legend(fontsize=6.5, loc="center right", edgecolor="none", framealpha=0.85)
        panels[row][0].set_ylabel(f"{SCOPES[scope]}: %\n{'called drifted' if scope == 'one' else 'alert'}", fontsize=8)
    for axes in panels[-1]:
        axes.set_xlabel("predictions", fontsize=8)
    # The panel below has no shift of its own: its neighbour above keeps the axis.
    panels[1][-1].tick_params(labelbottom=True)
    panels[1][-1].set_xlabel("predictions", fontsize=8)
    return png(drawing)


def _power_panel(axes: "Axes", figures: Figures, scope: str, kind: str) -> None:
    shifts = [shift for shift in SHIFTS if shift.kind == kind]
    for shift, colour in zip(shifts, AMOUNT_COLOURS, strict=True):
        tallies = [figures.get(shifted(shift, scope, "correlated", size), Tally()) for size in SIZES]
        rates = [
            Rate.of(tally.hits, tally.moved) if scope == "one" else Rate.of(tally.alerts, tally.windows)
            for tally in tallies
        ]
        _line(axes, rates, said(shift).split(", ")[1], colour, "-")
    axes.set_ylim(-4.0, 104.0)


def _line(axes: "Axes", rates: list[Rate], label: str, colour: str, line: str) -> None:
    shares = [100.0 * rate.share for rate in rates]
    below = [max(100.0 * (rate.share - rate.low), 0.0) for rate in rates]
    above = [max(100.0 * (rate.high - rate.share), 0.0) for rate in rates]
    axes.errorbar(
        SIZES,
        shares,
        yerr=[below, above],
        label=label,
        color=colour,
        linestyle=line,
        linewidth=1.3,
        marker="o",
        markersize=3.0,
        elinewidth=0.7,
        capsize=2.0,
    )
    axes.set_xscale("log")
    axes.set_xticks(SIZES, ["50", "400", "5,000", "100k"])
    axes.minorticks_off()
    axes.tick_params(labelsize=7)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
