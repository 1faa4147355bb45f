"""Something that is done again and again in the background, until the service ends.

Here: the thread. Keep out: what it does.
"""

import threading
from collections.abc import Callable

import structlog

from credit_risk.errors import CreditError

log = structlog.get_logger("serving.periodic")


class Periodic:
    """Calls a function at once and then every so many seconds, in a thread of its own.

    A call that fails is logged, once for each reason, and tried again in its turn.

    Args:
        name: of the thread, and in the log.
        call: what to do.
        interval_s: seconds from the end of a call to the next.
    """

    def __init__(self, name: str, call: Callable[[], None], interval_s: float) -> None:
        self._name = name
        self._call = call
        self._interval_s = interval_s
        self._reason: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a call that hangs is left to die with the process."""
        self._stopping.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._note(self._try())
            self._stopping.wait(self._interval_s)

    def _try(self) -> str | None:
        try:
            self._call()
        except CreditError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the next call may succeed; its message may carry data
            return type(error).__name__
        return None

    def _note(self, reason: str | None) -> None:
        if reason is not None and reason != self._reason:
            log.warning("background_task_failed", task=self._name, reason=reason)
        self._reason = reason
