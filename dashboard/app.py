"""The page: who may look, five tabs, and only the open one computes.

Streamlit runs this file for every visit and every click. Keep out: anything but the frame around the tabs.
"""

from pathlib import Path

import streamlit as st

from credit_risk.errors import CreditError
from dashboard import access, elements, sources
from dashboard.tabs import decisions, drift, model, score, service

TABS = {
    "Score an applicant": score.show,
    "Scores and decisions": decisions.show,
    "Service": service.show,
    "Drift": drift.show,
    "Model": model.show,
}


def main() -> None:
    """Draw the page."""
    # A file: the icons that Streamlit knows by name come from the internet.
    st.set_page_config("Credit scoring", page_icon=Path(__file__).with_name("icon.png"), layout="wide")
    st.html(STYLE)
    elements.lift_row_limit()
    signed_in = access.sign_in_configured()
    try:
        access.check_address(
            str(st.get_option("server.address") or ""),
            sign_in=signed_in,
            guarded=sources.settings().dashboard_guarded,
        )
    except CreditError as error:
        elements.say("The dashboard does not open.", error)
        st.stop()
    if signed_in and not st.user.get("is_logged_in", False):
        st.title("Credit scoring")
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
        st.stop()
    head(signed_in=signed_in)
    for tab, show in zip(st.tabs(list(TABS), key="tab", bind="query-params"), TABS.values(), strict=True):
        if tab.open:
            with tab:
                open_tab(show)


def open_tab(show: "score.Show") -> None:
    """Run one tab; an error of the platform takes its place."""
    with elements.said_plainly("This tab cannot be shown."):
        show()


def head(*, signed_in: bool) -> None:
    """Title, live model, and who is signed in."""
    title, person = st.columns([0.8, 0.2], vertical_alignment="center")
    title.markdown("### :material/credit_score: Credit scoring")
    if signed_in:
        person.button(f"Sign out {st.user.get('email', '')}", on_click=st.logout, type="tertiary")


# Streamlit leaves the height of a phone's screen empty above the title, and prints menus that nobody needs.
STYLE = """<style>
.block-container { padding-top: 2.2rem; padding-bottom: 3rem; max-width: 1320px; }
[data-testid="stMetric"] { padding: .55rem .8rem; min-width: 8.5rem; flex: 1 1 8.5rem; }
[data-testid="stMetricValue"] { font-size: 1.45rem; }
/* Streamlit's own buttons appear above a picture, where the menu to save it is. */
[class*="st-key-figure-"] [data-testid="stElementToolbar"] { transform: translateY(1.9rem); }
@media (max-width: 640px) {
  .block-container { padding-left: .8rem; padding-right: .8rem; }
  [data-testid="stMetricValue"] { font-size: 1.15rem; }
}
</style>"""

main()
