"""Who speaks: the name that a command writes down beside a reason."""

import getpass

from credit_risk.errors import SettingsError


def named_author(given: str) -> str:
    """The name given, or that of this machine's user.

    Raises:
        SettingsError: neither is there.
    """
    if given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has a number and no name.
        raise SettingsError(
            "a user of this machine without a name",
            expected="an author for the history",
            remedy="say who you are with --author",
        ) from None
