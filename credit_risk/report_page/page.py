"""The page itself: figures of a day in, one HTML file out, for a screen and for a phone, by day and by night.

Here: what the page says, in which order; the words are in the template beside this file. Nothing is
fetched when it is opened: style and pictures are inside. Keep out: computing figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from credit_risk.drift import RULES, DriftReport
from credit_risk.report_page import words
from credit_risk.report_page.distribution import Distribution
from credit_risk.report_page.operations import Operations
from credit_risk.report_page.pictures import (
    SCORES,
    HistoryDay,
    distribution_picture,
    history_picture,
    hours_picture,
)

if TYPE_CHECKING:
    from jinja2 import Template

# Two rows of three on a screen; on a phone as many as one scrolls through gladly.
MOST_DISTRIBUTIONS = 6

# Of those that drifted; the others are folded away, or a phone would show nothing else for ten screens.
MOST_ROWS = 10

EXPLAINED: Mapping[str, str] = {
    "corrected": "p-values corrected for the number of tests, and a change of a size that counts",
    "classic": "any uncorrected p-value below 0.05: alerts on volume alone",
}


@dataclass(frozen=True, eq=False)
class DayFigures:
    """All that the page of a day says.

    Attributes:
        day: UTC.
        model_version: live at its end; the day is compared with its reference.
        n_reference: rows of the reference.
        report: the verdict.
        descriptions: what a feature is, in one line, by name.
        distributions: of the features to be drawn, largest change first.
        history: verdicts of the days before, in any order, this day among them or not.
        scores: distribution of the probability; None without decisions of this model.
        threshold: of this model.
        score: how far the probability moved, as `credit_risk.score_drift` says it; None likewise.
        multivariate: what a classifier told apart, as `credit_risk.domain_classifier` says it; None where not asked.
        operations: of the day.
        evidently: address of the other page, seen from this one; None where there is none.
    """

    day: date
    model_version: str
    n_reference: int
    report: DriftReport
    descriptions: Mapping[str, str]
    distributions: Sequence[Distribution]
    history: Sequence[HistoryDay]
    scores: Distribution | None
    threshold: float
    score: Mapping[str, Any] | None
    multivariate: Mapping[str, Any] | None
    operations: Operations
    evidently: str | None


def pictures(figures: DayFigures) -> dict[str, Markup]:
    """The page's pictures by name, without those that have nothing to show."""
    made = {"share_over_time": history_picture(figures.history, figures.day)}
    if figures.scores is not None:
        made["score_distribution"] = distribution_picture(figures.scores, SCORES, figures.threshold)
    if figures.operations.n_decisions:
        made["volume_by_hour"] = hours_picture(figures.operations.by_hour)
    return made


def render(figures: DayFigures) -> str:
    """The page as HTML."""
    report = figures.report
    rule = RULES.get(report.rule)
    return _template().render(
        day=figures,
        report=report,
        rows=report.details.to_dict("records"),
        most_rows=MOST_ROWS,
        least_size=rule.min_size if rule else None,
        largest=max(0.1, float(report.details["size"].max(skipna=True) or 0.0)) if len(report.details) else 0.1,
        rules=[(name, report.by_rule[name], EXPLAINED.get(name, "")) for name in RULES if name in report.by_rule],
        panels=[(shape, distribution_picture(shape)) for shape in figures.distributions[:MOST_DISTRIBUTIONS]],
        pictures=pictures(figures),
        operations=figures.operations,
    )


def _breakable(name: str) -> Markup:
    """A long name that a narrow column may break after an underscore, and only there."""
    return escape(name).replace("_", Markup("_<wbr>"))


@cache
def _template() -> "Template":
    # Only whoever makes a page pays for the library.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("credit_risk.report_page", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "percent": words.percent,
        "decimal": words.decimal,
        "p_value": words.p_value,
        "milliseconds": words.milliseconds,
        "breakable": _breakable,
    }
    return environment.get_template("page.html")
