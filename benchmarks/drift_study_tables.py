"""The tables of the drift study: rates with their intervals, as Markdown.

Here: a table a question. Keep out: counting (`drift_study_trials`), and where a table stands in the page
(`drift_study_page`).
"""

from collections.abc import Iterable, Sequence

from benchmarks.drift_study_population import Dependence, Shift
from benchmarks.drift_study_rates import Cell, Figures, Rate, Tally
from benchmarks.drift_study_trials import (
    APART,
    CLASSIFIER,
    DEPENDENCES,
    HARMLESS,
    HARMLESS_SIZE,
    JUDGES,
    PROMISED,
    PROMISED_SIZE,
    REFERENCE,
    SIZES,
    WHOLE_REFERENCE,
    scopes,
    shown,
)
from benchmarks.drift_study_verdicts import ALTERNATIVES
from credit_risk.drift import RULES

DEFAULT = "corrected"

# The promises of the default rule: clean windows and the move that must be seen.
MOST_WARNINGS = 0.005
LEAST_ALERTS = 0.99

SCOPES = {
    "one": "one feature",
    "family": "12 features",
    "all": "all 30",
    "sparse": "12 features, 6 of them half missing",
}


def said(shift: Shift) -> str:
    """A shift in words."""
    amount = shift.amount
    return {
        "mean": f"mean, {amount:g} sd",
        "value": f"mean in own units, {amount:g} sd",
        "spread": f"spread, x {amount:g}",
        "missing": f"missing, +{100 * amount:.0f} points",
        "mix": f"mix, {100 * amount:.0f} % of the clients",
        "correlation": f"correlation, {100 * amount:.0f} % left" if amount else "correlation gone",
        "rows": f"{100 * amount:.0f} % of the rows",
    }[shift.kind]


def shifted(shift: Shift, scope: str, dependence: Dependence, size: int, rule: str = DEFAULT) -> Cell:
    """The cell of a shift before the usual reference."""
    return Cell(dependence, size, REFERENCE, shift.kind, shift.amount, scope, rule)


def unshifted(dependence: Dependence, size: int, rule: str = DEFAULT) -> Cell:
    """The cell of clean windows."""
    return Cell(dependence, size, REFERENCE, "clean", 0.0, "none", rule)


def promises(figures: Figures) -> list[str]:
    """What the default rule must do, what it did, and whether that is enough."""
    rows = []
    for size in SIZES:
        tally = figures.get(unshifted("correlated", size), Tally())
        met = tally.warnings <= MOST_WARNINGS * tally.windows and not tally.alerts
        what = f"clean, {size:,} predictions: at most 0.5 % `warning` or worse, no `alert`"
        seen = (
            f"{tally.warnings} `warning` or worse ({Rate.of(tally.warnings, tally.windows)} %), {tally.alerts} `alert`"
        )
        rows.append([what, f"{tally.windows:,}", seen, _met(met, tally)])
    for dependence in DEPENDENCES:
        for shift in PROMISED:
            tally = figures.get(shifted(shift, "promised", dependence, PROMISED_SIZE), Tally())
            what = (
                f"12 of 30 moved ({said(shift)}), {PROMISED_SIZE} predictions, {dependence}: `alert` in at least 99 %"
            )
            rate = Rate.of(tally.alerts, tally.windows)
            met = tally.alerts >= LEAST_ALERTS * tally.windows
            rows.append([what, f"{tally.windows:,}", f"`alert` in {rate} %", _met(met, tally)])
    for rows_before in (REFERENCE, WHOLE_REFERENCE):
        cell = Cell("correlated", HARMLESS_SIZE, rows_before, HARMLESS.kind, HARMLESS.amount, "all", DEFAULT)
        tally = figures.get(cell, Tally())
        fine = tally.windows - tally.warnings
        what = f"harmless change, {HARMLESS_SIZE:,} predictions, reference of {rows_before:,}: `ok`"
        seen = f"`ok` in {Rate.of(fine, tally.windows)} %"
        rows.append([what, f"{tally.windows:,}", seen, _met(fine == tally.windows, tally)])
    return table(["promise of the default rule", "windows", "seen", ""], rows)


def _met(met: bool, tally: Tally) -> str:  # noqa: FBT001  # the answer itself
    if not tally.windows:
        return "not measured"
    return "met" if met else "**missed**"


def false_alarms(figures: Figures) -> list[str]:
    """Clean windows: what each rule says of them."""
    rows = []
    for dependence in DEPENDENCES:
        for size in SIZES:
            cells = [figures.get(unshifted(dependence, size, rule), Tally()) for rule in JUDGES]
            parts = [
                str(Rate.of(hits, tally.windows))
                for tally in cells
                for hits in (tally.touched, tally.warnings, tally.alerts)
            ]
            rows.append([dependence, f"{size:,}", f"{cells[0].windows:,}", *parts])
    heads = [f"{rule}: {what}" for rule in JUDGES for what in ("any feature", "`warning` or worse", "`alert`")]
    return table(["features", "predictions", "windows", *heads], rows)


def single(figures: Figures, dependence: Dependence) -> list[str]:
    """One feature moves: in how many windows each rule calls it drifted."""
    rows = []
    for shift in shown(dependence):
        tallies = [
            figures.get(shifted(shift, "one", dependence, size, rule), Tally()) for rule in JUDGES for size in SIZES
        ]
        rows.append([said(shift), *(str(Rate.of(tally.hits, tally.moved)) for tally in tallies)])
    return table(["shift", *(f"{rule}, {size:,}" for rule in JUDGES for size in SIZES)], rows)


def together(figures: Figures, scope: str, dependence: Dependence, rule: str) -> list[str]:
    """Several features move: the status of the window."""
    rows = []
    for shift in shown(dependence):
        if scope not in scopes(shift):
            continue
        tallies = [figures.get(shifted(shift, scope, dependence, size, rule), Tally()) for size in SIZES]
        rows.append([said(shift), *(_status(tally) for tally in tallies)])
    return table(["shift", *(f"{size:,} predictions" for size in SIZES)], rows)


def _status(tally: Tally) -> str:
    return f"{Rate.of(tally.warnings, tally.windows)} / {Rate.of(tally.alerts, tally.windows)}"


def sparse(figures: Figures) -> list[str]:
    """The promised move, where half of the features that move are missing in half of the rows."""
    rows = [
        [
            dependence,
            *(_status(figures.get(shifted(PROMISED[0], "sparse", dependence, size), Tally())) for size in SIZES),
        ]
        for dependence in DEPENDENCES
    ]
    return table(["features", *(f"{size:,} predictions" for size in SIZES)], rows)


def harmless(figures: Figures) -> list[str]:
    """A change that nobody should act on: sizes, p-values and what each rule makes of them."""
    rows = []
    for dependence in DEPENDENCES:
        for before in (REFERENCE, WHOLE_REFERENCE):
            cells = [
                figures.get(
                    Cell(dependence, HARMLESS_SIZE, before, HARMLESS.kind, HARMLESS.amount, "all", rule), Tally()
                )
                for rule in JUDGES
            ]
            windows = max(cells[0].windows, 1)
            size, small = cells[0].largest / windows, cells[0].significant / windows
            rates = [str(Rate.of(hits, t.windows)) for t in cells for hits in (t.warnings, t.alerts)]
            rows.append(
                [dependence, f"{before:,}", f"{cells[0].windows:,}", f"{size:.3f}", f"{small:.1f} of 30", *rates]
            )
    heads = [f"{rule}: {what}" for rule in JUDGES for what in ("`warning` or worse", "`alert`")]
    return table(["features", "reference", "windows", "largest size", "features with p < 0.05", *heads], rows)


def defaults(figures: Figures) -> list[str]:
    """The promises under other levels and sizes of the corrected rule, for correlated features."""
    rows = []
    for name, rule in ALTERNATIVES.items():
        clean = [figures.get(unshifted("correlated", size, name), Tally()) for size in SIZES]
        promised = figures.get(shifted(PROMISED[0], "promised", "correlated", PROMISED_SIZE, name), Tally())
        before = Cell("correlated", HARMLESS_SIZE, WHOLE_REFERENCE, HARMLESS.kind, HARMLESS.amount, "all", name)
        calm = figures.get(before, Tally())
        chosen = "**" if (rule.alpha, rule.min_size) == (RULES[DEFAULT].alpha, RULES[DEFAULT].min_size) else ""
        rows.append(
            [
                f"{chosen}{rule.alpha:g}{chosen}",
                f"{chosen}{rule.min_size:g}{chosen}",
                *(str(Rate.of(tally.touched, tally.windows)) for tally in clean),
                *(str(Rate.of(tally.warnings, tally.windows)) for tally in clean),
                str(Rate.of(promised.alerts, promised.windows)),
                str(Rate.of(calm.windows - calm.warnings, calm.windows)),
            ]
        )
    heads = [f"{what}, {size:,}" for what in ("any feature", "`warning` or worse") for size in SIZES]
    return table(["level", "size", *heads, f"12 moved, {PROMISED_SIZE}: `alert`", "harmless: `ok`"], rows)


def multivariate(figures: Figures) -> list[str]:
    """The multivariate check: what it says of clean windows, of moved ones, and of a correlation that is gone."""
    cells = [cell for cell in figures if cell.rule == CLASSIFIER]
    rows = []
    for cell in sorted(cells, key=lambda cell: (cell.kind != "clean", _what(cell), cell.size)):
        tally = figures[cell]
        rates = [str(Rate.of(hits, tally.windows)) for hits in (tally.touched, tally.alerts)]
        rows.append(
            [_what(cell), f"{cell.size:,}", f"{tally.windows:,}", f"{tally.largest / tally.windows:.3f}", *rates]
        )
    return table(["window", "predictions", "windows", "mean AUC", "told apart at p < 0.05", "at p < 0.01"], rows)


def _what(cell: Cell) -> str:
    if cell.kind == "clean":
        return "clean"
    shift = next(shift for shift in APART if (shift.kind, shift.amount) == (cell.kind, cell.amount))
    return f"{said(shift)}: {SCOPES[cell.scope]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; all columns but the first are figures."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
