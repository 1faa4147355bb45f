"""The last good model: a copy on this machine of what went live last, for starts without the registry.

Here: keeping it, and what lets a start trust it: since when the history of live models had it
in production. Keep out: the format of the copy (`resources.stored_model`), and when to serve it
(`live_model`).
"""

from pathlib import Path

import structlog

from resources.stored_model import StoredModel

log = structlog.get_logger("serving.last_good")

LIVE_SINCE_FILE = "live_since"


class LastGood:
    """One folder, shared by the workers of a service.

    Args:
        folder: made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, stored: StoredModel, live_since: str | None) -> None:
        """Copy a model that went live; `live_since` as the history says, None when that is not known."""
        try:
            mark = self._folder / stored.version / LIVE_SINCE_FILE
            # A mark of another stay must not vouch for these files, not even for a moment.
            mark.unlink(missing_ok=True)
            stored.save(self._folder)
            if live_since is not None:
                mark.write_text(live_since)
        except OSError as error:
            # It answers all the same; the next start may have to wait for the registry.
            log.warning("last_good_model_not_kept", reason=error.strerror)

    def read(self) -> StoredModel | None:
        """The copy, or None. Raises ModelError, OSError."""
        return StoredModel.read(self._folder)

    def live_since(self, version: str) -> str | None:
        """What `keep` was told about this version, or None. Raises OSError."""
        mark = self._folder / version / LIVE_SINCE_FILE
        return mark.read_text() if mark.exists() else None
