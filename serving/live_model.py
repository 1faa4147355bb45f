"""The live model: the one that answers now, and how another one takes its place.

Here: watching the registry, loading a new version beside the one that answers, and swapping
a single reference, so that a request works with one model from its start to its end. Keep
out: what a registry is (`registry_source`), and scoring (`credit_risk.scoring`).
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from credit_risk.errors import CreditError, ModelError
from credit_risk.manifest import Manifest
from credit_risk.scoring import Scorer
from serving.metrics import Metrics

if TYPE_CHECKING:
    # It brings the lake's engines along, which a process that only answers does not need.
    from resources.registry import StoredModel

log = structlog.get_logger("serving.live_model")

# A promotion must be live within 5 seconds; asking the registry takes a few milliseconds.
LOOK_INTERVAL_S = 2.0

# A registry that has not answered for this long is away, whether it refuses or hangs.
SILENT_AFTER_S = 10.0

# A version that cannot score will not learn to by itself; but its files may be repaired.
RETRY_REFUSED_AFTER_S = 30.0


class ModelSource(Protocol):
    """Where models come from."""

    def production_version(self) -> str | None:
        """The version that should answer. Raises UnavailableError."""

    def load(self, version: str) -> "StoredModel":
        """That version's booster and manifest. Raises ModelError, UnavailableError."""


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready to answer.

    Attributes:
        version: as the registry calls it.
        scorer: booster and manifest.
        is_copy: whether it is the last good one from disk, not fresh from the registry.
    """

    version: str
    scorer: Scorer
    is_copy: bool = False

    @property
    def manifest(self) -> Manifest:
        """Of the same model."""
        return self.scorer.manifest


class LiveModel:
    """Holds the model that answers, and follows the registry in a thread of its own.

    Args:
        source: the registry.
        last_good: folder for a copy of the last model that went live.
        metrics: of the service.
        look_interval_s: seconds between two looks at the registry.
    """

    def __init__(
        self, source: ModelSource, last_good: Path, metrics: Metrics, *, look_interval_s: float = LOOK_INTERVAL_S
    ) -> None:
        self._source = source
        self._last_good = last_good
        self._metrics = metrics
        self._look_interval_s = look_interval_s
        self._current: ServedModel | None = None
        self._problem: str | None = "the model registry has not answered yet"
        self._answered_at = -SILENT_AFTER_S
        self._nothing_promoted = False
        self._refused: tuple[str, float] | None = None
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-model", daemon=True)

    @property
    def current(self) -> ServedModel | None:
        """The model that answers; read it once a request."""
        return self._current

    @property
    def problem(self) -> str | None:
        """Why this may not be the model that the registry calls production, or None."""
        if self._problem is None and time.monotonic() - self._answered_at > SILENT_AFTER_S:
            return f"the model registry has not answered for more than {SILENT_AFTER_S:.0f} s"
        return self._problem

    def start(self, *, wait_s: float) -> None:
        """Begin to follow the registry; while it is away serve the last good model."""
        self._thread.start()
        self._looked.wait(wait_s)
        # A registry that answers that nothing is in production has taken the last good one back.
        if self._current is None and not self._nothing_promoted:
            self._serve_last_good()

    def stop(self) -> None:
        """End the thread, unless it waits for a registry that hangs."""
        self._stopping.set()
        self._thread.join(timeout=self._look_interval_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._note(self._look())
            self._looked.set()
            self._stopping.wait(self._look_interval_s)

    def _look(self) -> str | None:
        """Follow the registry; what is wrong, or None."""
        try:
            version = self._source.production_version()
            self._answered_at = time.monotonic()
            return self._follow(version)
        except CreditError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever a registry client raises: shown by /health, tried again
            return f"found {type(error).__name__} from the model registry; expected an answer; see its log"

    def _follow(self, version: str | None) -> str | None:
        current = self._current
        self._nothing_promoted = version is None
        if version is None:
            return "found no model called production; expected one; train and promote a model"
        if current is not None and current.version == version and not current.is_copy:
            return None
        if self._refused is not None and self._refused[0] == version and time.monotonic() < self._refused[1]:
            return self._problem
        stored = self._source.load(version)
        try:
            self._swap(ready_to_serve(stored))
        except ModelError:
            self._refused = (version, time.monotonic() + RETRY_REFUSED_AFTER_S)
            raise
        self._keep_copy(stored)
        return None

    def _swap(self, model: ServedModel) -> None:
        before, self._current = self._current, model
        self._metrics.model_swapped(model.version)
        log.info(
            "model_live",
            model_version=model.version,
            before=before.version if before else None,
            threshold=model.manifest.threshold,
            n_features=len(model.manifest.feature_set.scored),
            is_copy=model.is_copy,
        )

    def _keep_copy(self, stored: "StoredModel") -> None:
        try:
            stored.save(self._last_good)
        except OSError as error:
            # It answers all the same; the next start may have to wait for the registry.
            log.warning("last_good_model_not_kept", reason=error.strerror)

    def _serve_last_good(self) -> None:
        from resources.registry import StoredModel

        try:
            stored = StoredModel.read(self._last_good)
            if stored is not None and self._current is None:
                self._swap(ready_to_serve(stored, is_copy=True))
        except (CreditError, OSError) as error:
            log.error("last_good_model_unusable", reason=str(error))  # noqa: TRY400 - the reason says it all

    def _note(self, problem: str | None) -> None:
        # Said once, not every two seconds for as long as it lasts.
        if problem is not None and problem != self._problem:
            log.warning("live_model_problem", reason=problem)
        self._problem = problem


def ready_to_serve(stored: "StoredModel", *, is_copy: bool = False) -> ServedModel:
    """A stored model that has proven that it can score.

    Raises:
        ModelError: it cannot.
    """
    model = ServedModel(stored.version, Scorer(stored.booster_text, stored.manifest), is_copy=is_copy)
    # An application with nothing known is valid; it also warms the booster for the first client.
    model.scorer.score({})
    return model
