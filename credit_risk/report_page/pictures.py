"""The pictures of the page: distributions, the days before, hours, each a small SVG.

Here: one function a picture. Keep out: what they are made of (`svg`), and the figures themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from credit_risk.drift_rules import ALERT_ABOVE, WARNING_FROM
from credit_risk.report_page import words
from credit_risk.report_page.distribution import Distribution
from credit_risk.report_page.svg import Frame, bar, caption, drawing, element, floor_line, group, steps

# Long enough to see a slow move, short enough that a day is still a bar on a phone.
HISTORY_DAYS = 30

# Of a page's narrow column: text of 14 is readable there, and not huge in a wide one.
PANEL = Frame(width=340, height=160)
# Labels of levels stand left of their bars.
LEVEL_HEIGHT = 26.0
LEVEL_WIDTH = 132.0
LONGEST_LEVEL = 16
SCORES = Frame(width=440, height=200, top=30)
HISTORY = Frame(width=440, height=200, top=14, right=112)
HOURLY = Frame(width=440, height=130, top=22)


@dataclass(frozen=True)
class HistoryDay:
    """A day's verdict, for the picture of the days before."""

    day: date
    status: str
    drift_percentage: float
    n_predictions: int


def distribution_picture(shape: Distribution, frame: Frame = PANEL, mark: float | None = None) -> Markup:
    """The reference as a grey area, the day as a blue outline; levels of a category as pairs of bars.

    Args:
        shape: what is spread.
        frame: of a picture of numbers; levels make their own.
        mark: a value that is marked by a line, such as the threshold.
    """
    label = f"{shape.name}: reference and day"
    if shape.labels:
        return _levels(shape, label)
    top = max(*shape.reference, *shape.window, 1e-9) * 1.05
    reference, window = ([share / top for share in shares] for shares in (shape.reference, shape.window))
    low, high = shape.edges[0], shape.edges[-1]
    parts = [
        steps(frame, reference, "ref", closed=True),
        steps(frame, window, "win", closed=True),
        steps(frame, window, "winline", closed=False),
        floor_line(frame),
        caption(frame.x(0), frame.height - 6, words.amount(low)),
        caption(frame.x(0.5), frame.height - 6, words.amount((low + high) / 2), anchor="middle"),
        caption(frame.x(1), frame.height - 6, words.amount(high), anchor="end"),
    ]
    if mark is not None and low <= mark <= high:
        at = (mark - low) / (high - low)
        line = element("line", x1=frame.x(at), x2=frame.x(at), y1=frame.top - 8, y2=frame.floor, class_="mark")
        # Away from the nearer edge, where there is room for words.
        anchor, shift = ("start", 6.0) if at < 0.5 else ("end", -6.0)  # noqa: PLR2004  # the middle
        parts += [line, caption(frame.x(at) + shift, frame.top + 2, f"threshold {mark:.3g}", anchor=anchor)]
    return drawing(frame, parts, label=label)


def _levels(shape: Distribution, label: str) -> Markup:
    frame = Frame(width=PANEL.width, height=LEVEL_HEIGHT * len(shape.labels) + 8, left=LEVEL_WIDTH, right=52, bottom=4)
    top = max(*shape.reference, *shape.window, 1e-9)
    parts = []
    for place, (level, then, now) in enumerate(zip(shape.labels, shape.reference, shape.window, strict=True)):
        y = 4 + place * LEVEL_HEIGHT
        for share, offset, height, class_ in ((then, 3.0, 11.0, "ref"), (now, 14.0, 8.0, "winbar")):
            width = max(frame.x(share / top) - frame.x(0), 1.0 if share > 0 else 0.0)
            parts.append(element("rect", x=frame.x(0), y=y + offset, width=width, height=height, class_=class_))
        parts.append(caption(frame.left - 8, y + 18, _shortened(level), anchor="end"))
        parts.append(caption(frame.width - 2, y + 18, words.percent(now), anchor="end"))
    return drawing(frame, parts, label=label)


def history_picture(days: Sequence[HistoryDay], last: date) -> Markup:
    """Share of drifted features by day, coloured by status, over the lines of warning and alert."""
    frame, first = HISTORY, last - timedelta(days=HISTORY_DAYS - 1)
    shown = [day for day in days if first <= day.day <= last]
    top = max([2 * ALERT_ABOVE, *(day.drift_percentage for day in shown)])
    parts = [_day_bar(frame, (day.day - first).days, day, top) for day in shown]
    parts.append(floor_line(frame))
    # Over the bars, or a month of alerts would hide them.
    for level, name in ((WARNING_FROM, "warning"), (ALERT_ABOVE, "alert")):
        y = frame.y(level / top)
        parts.append(element("line", x1=frame.x(0), x2=frame.x(1), y1=y, y2=y, class_="mark"))
        parts.append(caption(frame.x(1) + 6, y + 5, f"{name} {level:.0f} %"))
    for place in (0, HISTORY_DAYS // 2, HISTORY_DAYS - 1):
        anchor = {0: "start", HISTORY_DAYS - 1: "end"}.get(place, "middle")
        parts.append(caption(_middle(frame, place, anchor), frame.height - 6, _short(first, place), anchor=anchor))
    return drawing(frame, parts, label=f"share of drifted features, {first} to {last}")


def _day_bar(frame: Frame, place: int, day: HistoryDay, top: float) -> Markup:
    left, right = (place + 0.12) / HISTORY_DAYS, (place + 0.88) / HISTORY_DAYS
    said = f"{day.day}: {day.status}, {day.drift_percentage:.0f} % of {day.n_predictions:,} decisions"
    # A day without drift keeps a mark: a gap is a day without a report.
    height = max(day.drift_percentage / top, 0.015)
    return element("g", group([element("title", said), bar(frame, left, right, height, day.status)]))


def _middle(frame: Frame, place: int, anchor: str) -> float:
    return frame.x({"start": 0.0, "end": 1.0}.get(anchor, (place + 0.5) / HISTORY_DAYS))


def _short(first: date, place: int) -> str:
    day = first + timedelta(days=place)
    return f"{day.day} {day:%b}"


def hours_picture(by_hour: Sequence[int]) -> Markup:
    """Decisions of each hour of the day, UTC."""
    frame, top = HOURLY, max(*by_hour, 1)
    n = len(by_hour)
    parts = [
        bar(frame, (hour + 0.1) / n, (hour + 0.9) / n, count / top, "winbar") for hour, count in enumerate(by_hour)
    ]
    busiest = max(range(n), key=lambda hour: by_hour[hour])
    # At the edges a middled number would be cut off.
    anchor = {0: "start", 1: "start", n - 2: "end", n - 1: "end"}.get(busiest, "middle")
    parts.append(caption(frame.x((busiest + 0.5) / n), frame.top - 6, f"{by_hour[busiest]:,}", anchor=anchor))
    parts.append(floor_line(frame))
    for hour in range(0, n + 1, 6):
        anchor = {0: "start", n: "end"}.get(hour, "middle")
        parts.append(caption(frame.x(hour / n), frame.height - 6, f"{hour:02d}:00", anchor=anchor))
    return drawing(frame, parts, label="decisions by hour, UTC")


def _shortened(level: str) -> str:
    return level if len(level) <= LONGEST_LEVEL else f"{level[: LONGEST_LEVEL - 1]}…"
