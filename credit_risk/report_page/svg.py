"""Drawing in SVG: elements, axes and captions that follow the page's colours, light and dark.

Here: the few marks that all pictures are made of, and the style of a picture that stands alone. Keep
out: pictures (`pictures`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

# Colours are classes, so that a page's style turns them over in the dark. These are for a picture
# outside of a page, which its viewer shows on a ground of its own choice while the picture goes by the
# reader's device: so it brings its own ground along, or grey words would stand on grey.
STYLE = """
.ground{fill:#fff}text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#5b6472}
.ref{fill:#aab2c0;stroke:none}.win{fill:#2f6fde;fill-opacity:.28;stroke:none}.winline{fill:none;stroke:#2f6fde;stroke-width:2}
.winbar{fill:#2f6fde}.axis{stroke:#c9cfd8;stroke-width:1}.mark{stroke:#b5791b;stroke-width:1.5;stroke-dasharray:5 4}
.ok{fill:#2e9e6b}.warning{fill:#d9962b}.alert{fill:#d64545}.insufficient{fill:#aab2c0}
@media(prefers-color-scheme:dark){.ground{fill:#1a2029}text{fill:#a3adbd}.ref{fill:#4d586b}.axis{stroke:#3a4454}
.win{fill:#6ea0ff;fill-opacity:.2}.winline{stroke:#6ea0ff}.winbar{fill:#6ea0ff}.mark{stroke:#e0ab55}
.ok{fill:#4cc48d}.warning{fill:#e9ad4d}.alert{fill:#ff7a75}.insufficient{fill:#8a95a5}}
"""


@dataclass(frozen=True)
class Frame:
    """The area that values are drawn in, in units of the picture.

    Attributes:
        width: of the picture.
        height: of the picture.
        left: space for what stands left of the area; the others alike.
    """

    width: float
    height: float
    left: float = 8.0
    right: float = 8.0
    top: float = 8.0
    bottom: float = 26.0

    @property
    def floor(self) -> float:
        """Where zero is drawn."""
        return self.height - self.bottom

    def x(self, share: float) -> float:
        """From a share of the width of the area."""
        return self.left + share * (self.width - self.left - self.right)

    def y(self, share: float) -> float:
        """From a share of its height, upwards."""
        return self.floor - share * (self.floor - self.top)


def element(name: str, text: object = None, **attributes: object) -> Markup:
    """An element; attributes by name, `_` for `-`, and `class_` for `class`; None leaves one out."""
    given = (
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _number(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("") if text is None else escape(text)
    return Markup("<{name}{given}>{inside}</{name}>").format(name=name, given=Markup("").join(given), inside=inside)


def group(parts: Iterable[Markup]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)


def drawing(frame: Frame, parts: Iterable[Markup], *, label: str) -> Markup:
    """A picture; `label` says in words what it shows, for those who cannot see it."""
    return element(
        "svg",
        element("title", label) + group(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width:g} {frame.height:g}",
        # Outside of our page nothing else says how large it is, and a cell that fits its content gives it no room.
        width=f"{frame.width:g}",
        height=f"{frame.height:g}",
        role="img",
    )


def alone(picture: Markup) -> str:
    """A picture with its own colours and ground, to be shown outside of a page."""
    end = picture.index(">") + 1
    ground = element("rect", width="100%", height="100%", class_="ground")
    return f"{picture[:end]}<style>{STYLE}</style>{ground}{picture[end:]}"


def bar(frame: Frame, left: float, right: float, height: float, class_: str) -> Markup:
    """A bar from the floor up, by shares of the area; any height above nothing can be seen."""
    top = frame.y(height)
    visible = max(frame.floor - top, 1.0 if height > 0 else 0.0)
    width = max(frame.x(right) - frame.x(left), 0.5)
    return element("rect", x=frame.x(left), y=frame.floor - visible, width=width, height=visible, class_=class_)


def steps(frame: Frame, heights: Iterable[float], class_: str, *, closed: bool) -> Markup:
    """The outline of a histogram of equal bins; `closed` down to the floor, to be filled."""
    values = list(heights)
    points = []
    for place, height in enumerate(values):
        points += [(place / len(values), height), ((place + 1) / len(values), height)]
    if closed:
        points = [(0.0, 0.0), *points, (1.0, 0.0)]
    path = "M" + "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in points)
    return element("path", d=path + ("Z" if closed else ""), class_=class_)


def floor_line(frame: Frame) -> Markup:
    """The line that bars stand on."""
    return element("line", x1=frame.x(0), x2=frame.x(1), y1=frame.floor, y2=frame.floor, class_="axis")


def caption(x: float, y: float, text: str, *, anchor: str = "start", class_: str | None = None) -> Markup:
    """A word or number at a place; `anchor` is start, middle or end."""
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def _number(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
