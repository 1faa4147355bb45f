"""Pieces of every page: a picture with its exports, what to say when there is nothing, and when something is away.

Keep out: what a tab shows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import altair as alt
import pandas as pd
import streamlit as st

from credit_risk.errors import CreditError, UnavailableError
from dashboard.charts.marks import AnyChart
from dashboard.service import RefusedRequestError

# Twice the points of the screen: sharp in a report.
PNG_SCALE = 2.0
PNG_WIDTH = 720


def figure(title: str, chart: AnyChart, data: pd.DataFrame, *, name: str, help: str | None = None) -> None:  # noqa: A002  # Streamlit's word
    """A titled picture, with its data as CSV and itself as PNG in a menu beside the title.

    Args:
        title: of the picture.
        chart: the picture.
        data: what it shows.
        name: of the files, without an ending; also names the elements on the page.
        help: what it means, shown on request.
    """
    with st.container(border=True, key=f"figure-{name}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{title}**", help=help, width="content")
            menu = st.popover("", icon=":material/download:", help="save", type="tertiary")
        with menu:
            # Made when asked for, not for every look.
            st.download_button(
                "CSV", lambda: csv(data), f"{name}.csv", "text/csv", key=f"csv-{name}", on_click="ignore"
            )
            st.download_button(
                "PNG", lambda: png(chart), f"{name}.png", "image/png", key=f"png-{name}", on_click="ignore"
            )
        st.altair_chart(chart, width="stretch", key=f"chart-{name}")


def csv(data: pd.DataFrame) -> bytes:
    """A frame as a CSV file that spreadsheets open."""
    return data.to_csv(index=False).encode()


def png(chart: AnyChart) -> bytes:
    """A picture as a PNG file on white."""
    import vl_convert

    on_white = chart.to_dict() | {"background": "white"}
    if "width" not in on_white:
        on_white["width"] = PNG_WIDTH
    picture: bytes = vl_convert.vegalite_to_png(on_white, scale=PNG_SCALE)
    return picture


def nothing(what: str, remedy: str) -> None:
    """An empty state: what is not there yet, and how it comes about."""
    st.info(f"**{what}** {remedy}", icon=":material/hourglass_empty:")


@contextmanager
def said_plainly(what: str) -> Iterator[None]:
    """An error of the platform within the block, as found / expected / do this; the rest of the page goes on."""
    try:
        yield
    except CreditError as error:
        say(what, error)


def say(what: str, error: CreditError) -> None:
    """An error on the page.

    Args:
        what: cannot be shown or done.
        error: why.
    """
    if isinstance(error, RefusedRequestError):
        st.error(f"**{what}** The service says: {error.found}", icon=":material/block:")
        return
    icon = ":material/cloud_off:" if isinstance(error, UnavailableError) else ":material/error:"
    st.error(
        f"**{what}**\n\nFound {error.found}; expected {error.expected}. \n\n**Do this:** {error.remedy}.", icon=icon
    )


def tiles(figures: dict[str, str], *, help: dict[str, str] | None = None) -> None:  # noqa: A002  # Streamlit's word
    """Figures side by side, as many in a row as the screen holds."""
    with st.container(horizontal=True, gap="small"):
        for label, value in figures.items():
            st.metric(label, value, border=True, help=(help or {}).get(label))


def lift_row_limit() -> None:
    """Altair's own limit of 5,000 rows guards notebooks; frames here are aggregates."""
    alt.data_transformers.disable_max_rows()
