"""The page in process: Streamlit's own test harness, on a database of the test's choice."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[3] / "dashboard" / "app.py"

# A first visit imports in seconds.
TIMEOUT_S = 60


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held for the test."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed_port: int) -> Iterator[Callable[..., AppTest]]:
    """`page(tab, url)`: the page with a tab open, its database at the address, and no service."""

    def visit(tab: str, url: str, *, address: str = "127.0.0.1", secrets: dict[str, object] | None = None) -> AppTest:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
        monkeypatch.setenv("CREDIT_API_PORT", str(closed_port))
        config.set_option("server.address", address)
        test = AppTest.from_file(str(APP), default_timeout=TIMEOUT_S)
        test.session_state["tab"] = tab
        test.secrets.update(secrets or {})
        return test.run()

    st.cache_resource.clear()
    st.cache_data.clear()
    yield visit
    st.cache_resource.clear()
    st.cache_data.clear()
