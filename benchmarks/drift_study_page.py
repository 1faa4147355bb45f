"""The page of the drift study: tables between markers, and pictures, renewed by each run.

Here: which part of the page a table fills. The prose around the markers is written by hand and left alone. Keep out:
the tables (`drift_study_tables`) and the pictures (`drift_study_pictures`).
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.drift_study_pictures import pictures
from benchmarks.drift_study_rates import Cell, Figures, Tally
from benchmarks.drift_study_tables import (
    DEFAULT,
    defaults,
    false_alarms,
    harmless,
    multivariate,
    promises,
    shifted,
    single,
    sparse,
    together,
    unshifted,
)
from benchmarks.drift_study_trials import DEPENDENCES, REFERENCE, SHIFTS, SIZES
from credit_risk.drift import RULES
from credit_risk.errors import CreditError

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = "drift_error_rates.md"
IMAGES = "images"

MARKED = re.compile(r"(<!-- study: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables(figures: Figures) -> dict[str, list[str]]:
    """Every part of the page, by the name in its marker."""
    return {
        "basis": basis(figures),
        "promises": promises(figures),
        "false-alarms": false_alarms(figures),
        "one-correlated": single(figures, "correlated"),
        "one-independent": single(figures, "independent"),
        "family-correlated": together(figures, "family", "correlated", DEFAULT),
        "family-independent": together(figures, "family", "independent", DEFAULT),
        "family-classic": together(figures, "family", "correlated", "classic"),
        "all-correlated": together(figures, "all", "correlated", DEFAULT),
        "all-independent": together(figures, "all", "independent", DEFAULT),
        "sparse": sparse(figures),
        "harmless": harmless(figures),
        "defaults": defaults(figures),
        "multivariate": multivariate(figures),
    }


def basis(figures: Figures) -> list[str]:
    """What the figures rest on."""
    clean = windows_of(figures, [unshifted(dependence, size) for dependence in DEPENDENCES for size in SIZES])
    by_size = {
        size: windows_of(figures, [shifted(SHIFTS[0], "one", dependence, size) for dependence in DEPENDENCES])
        for size in SIZES
    }
    moved = ", ".join(f"{windows} of {size:,}" for size, windows in by_size.items())
    rules = "; ".join(
        f"`{rule.name}`: p below {rule.alpha:g}{' after correction' if rule.corrected else ''}, size at least "
        f"{rule.min_size:g}, {len(rule.tests)} kind{'s' * (len(rule.tests) > 1)} of test"
        for rule in RULES.values()
    )
    rests = (
        f"These figures rest on {clean} clean windows of each size and dependence, and on shifted windows as follows: "
        f"{moved} predictions; each has a reference of {REFERENCE:,} clients of its own."
    )
    return [rests, f"Rules: {rules}."]


def windows_of(figures: Figures, cells: Sequence[Cell]) -> str:
    """How many windows some cells rest on, as a number or a range."""
    counts = [figures.get(cell, Tally()).windows for cell in cells]
    least, most = min(counts), max(counts)
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def renewed(page: str, parts: Mapping[str, list[str]]) -> str:
    """The page with each marked part replaced.

    Raises:
        CreditError: markers without a part, or parts without a marker.
    """
    marked = [name for _, name, _ in MARKED.findall(page)]
    if sorted(marked) != sorted(parts):
        raise CreditError(
            f"markers {', '.join(sorted(set(marked) ^ set(parts))) or 'twice'} on one side only",
            expected="each table of the study once in the page",
            remedy=f"correct the markers of docs/{PAGE}",
        )
    return MARKED.sub(lambda found: f"{found[1]}\n{chr(10).join(parts[found[2]])}\n\n{found[3]}", page)


def write(out: Path, figures: Figures) -> Path:
    """Renew the page and its pictures in a folder; a folder without the page gets a copy of it first.

    Returns:
        The page.
    """
    page = out / PAGE
    if not page.exists():
        out.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / PAGE, page)
    page.write_text(renewed(page.read_text(encoding="utf-8"), tables(figures)), encoding="utf-8")
    images = out / IMAGES
    images.mkdir(exist_ok=True)
    for name, picture in pictures(figures).items():
        (images / name).write_bytes(picture)
    return page
