"""Who may look: people who signed in, or whoever sits at this machine.

Here: whether the dashboard may run at an address, and whether people must sign in. Keep out: the sign-in
itself, which is Streamlit's OpenID Connect (`[auth]` in its secrets, docs/dashboard.md).
"""

import ipaddress
from collections.abc import Mapping

import streamlit as st

from credit_risk.errors import SettingsError

# What Streamlit cannot do without; a provider's own section may hold the rest.
NEEDED = ("redirect_uri", "cookie_secret")


def is_loopback(address: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def has_sign_in(secrets: Mapping[str, object]) -> bool:
    """Whether secrets configure OpenID Connect."""
    section = secrets.get("auth")
    return isinstance(section, Mapping) and all(section.get(name) for name in NEEDED)


def sign_in_configured() -> bool:
    """Whether people must sign in; secrets that nobody wrote are none."""
    return st.secrets.load_if_toml_exists() and has_sign_in(st.secrets)


def check_address(address: str, *, sign_in: bool, guarded: bool) -> None:
    """See that strangers cannot look.

    Args:
        address: that is bound; empty means all.
        sign_in: whether people must sign in.
        guarded: whether the operator says that something in front of the dashboard keeps strangers out.

    Raises:
        SettingsError: they could.
    """
    if sign_in or guarded or is_loopback(address):
        return
    raise SettingsError(
        f"a dashboard at {address or 'every address'} that asks nobody to sign in",
        expected="127.0.0.1, or a sign-in: decisions and reasons are personal data",
        remedy="set CREDIT_DASHBOARD_HOST=127.0.0.1, or configure [auth] in Streamlit's secrets (docs/dashboard.md), "
        "or set CREDIT_DASHBOARD_GUARDED=true where a proxy signs people in",
    )
