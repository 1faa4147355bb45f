"""A drawn figure as PNG bytes.

Here: the one place that turns a figure into bytes, so that all pictures share their resolution.
Keep out: what is drawn (one module a noun beside this one) and where the bytes go.
"""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Sharp on a high-density screen at the width of the metadata pane of the Dagster UI, while a
# chart of 30 bars stays near 60 kB: such pictures are stored inside the event log.
DOTS_PER_INCH = 120


def png(figure: "Figure") -> bytes:
    """Render a figure that was made with `matplotlib.figure.Figure`, without pyplot and its global state.

    Args:
        figure: the drawn figure; it is not changed.

    Returns:
        A PNG file, cropped to what was drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = BytesIO()
    FigureCanvasAgg(figure).print_figure(
        buffer, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight", facecolor="white"
    )
    return buffer.getvalue()
