"""The demo's API key, where the service asks for one: keys of a demo that ran before must not end this one.

Keep out: keys that people use (`credit keys`).
"""

from http import HTTPStatus

import httpx

from cli.console import console
from cli.traffic import service_url
from cli.waiting import wait_for
from resources.api_keys import ApiKeys
from resources.database import Database
from resources.settings import Settings

NAME = "credit demo"


def key_of_demo(settings: Settings, database: Database) -> str | None:
    """A new key that the service knows, in place of the last demo's; None where nobody needs one.

    Raises:
        UnavailableError: the service does not learn of it.
    """
    keys = ApiKeys(database)
    present = keys.all()
    if not present:
        return None
    for old in present:
        if (old.name, old.created_by) == (NAME, NAME) and old.revoked_at is None:
            keys.revoke(old.key_id)
    made, text = keys.create(NAME, ("admin",), created_by=NAME)
    console.print(f"the service asks for API keys: {made.key_id} is this demo's")
    url = f"{service_url(settings)}/predictions/{made.key_id}"
    refusals = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}

    def known() -> bool | None:
        # Any other answer will do: there is no such decision, and perhaps no model yet.
        return None if httpx.get(url, headers={"X-API-Key": text}, timeout=5).status_code in refusals else True

    wait_for("service that knows the demo's key", known, timeout=30)
    return text
