"""The live model: the one that answers now, and how another one takes its place.

Here: watching the registry, loading a new version beside the one that answers, and swapping
a single reference, so that a request works with one model from its start to its end. Keep
out: what a registry is (`registry_source`), what a model must show before it answers
(`served_model`), and scoring (`credit_risk.scoring`).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import structlog

from credit_risk.errors import CreditError, ModelError
from resources.stored_model import StoredModel
from serving.last_good import LastGood
from serving.metrics import Metrics
from serving.served_model import Requirement, ServedModel, ready_to_serve

log = structlog.get_logger("serving.live_model")

# A promotion must be live within 5 seconds; asking the registry takes a few milliseconds.
LOOK_INTERVAL_S = 2.0

# A registry that has not answered for this long is away, whether it refuses or hangs.
SILENT_AFTER_S = 10.0

# The first look imports MLflow: 6 s on a quiet machine, three times that when workers share two cores.
FIRST_LOOK_S = 30.0

# A version that cannot score will not learn to by itself; but its files may be repaired.
RETRY_REFUSED_AFTER_S = 30.0


class ModelSource(Protocol):
    """Where models come from."""

    def production_version(self) -> str | None:
        """The version that should answer. Raises UnavailableError."""

    def load(self, version: str) -> StoredModel:
        """That version's booster, manifest and canaries. Raises ModelError, UnavailableError."""


@runtime_checkable
class KnowsHistory(Protocol):
    """A source that can say, sooner than its registry answers, what is live."""

    def live_since(self, version: str) -> str | None:
        """Since when a version has been live, as text to compare; None when it is not. Raises UnavailableError."""


@dataclass(frozen=True)
class Refusal:
    """A version that must not answer, why, and until when it is not tried again."""

    version: str
    reason: str
    until: float


class LiveModel:
    """Holds the model that answers, and follows the registry in a thread of its own.

    Args:
        source: the registry.
        last_good: folder for a copy of the last model that went live.
        metrics: of the service.
        look_interval_s: seconds between two looks at the registry.
        requirements: what a model must fulfil besides scoring its canaries.
    """

    def __init__(
        self,
        source: ModelSource,
        last_good: Path,
        metrics: Metrics,
        *,
        look_interval_s: float = LOOK_INTERVAL_S,
        requirements: Sequence[Requirement] = (),
    ) -> None:
        self._source = source
        self._last_good = LastGood(last_good)
        self._metrics = metrics
        self._look_interval_s = look_interval_s
        self._requirements = requirements
        self._current: ServedModel | None = None
        self._problem: str | None = "the model registry has not answered yet"
        self._silent_from = 0.0
        self._nothing_promoted = False
        self._refused: Refusal | None = None
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
        if self._problem is None and time.monotonic() > self._silent_from:
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
        self._serve_what_is_live_still()
        while not self._stopping.is_set():
            self._note(self._look())
            self._looked.set()
            self._stopping.wait(self._look_interval_s)

    def _look(self) -> str | None:
        """Follow the registry; what is wrong, or None."""
        try:
            version = self._source.production_version()
            self._silent_from = time.monotonic() + SILENT_AFTER_S
            return self._follow(version)
        except CreditError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever a registry client raises: shown by /health, tried again
            return f"found {type(error).__name__} from the model registry; expected an answer; see its log"

    def _follow(self, version: str | None) -> str | None:
        current = self._current
        self._nothing_promoted = version is None
        if self._refused is not None and self._refused.version != version:
            self._refused = None
        if version is None:
            return "found no model called production; expected one; train and promote a model"
        if current is not None and current.version == version and not current.is_copy:
            return None
        if self._refused is not None and time.monotonic() < self._refused.until:
            return self._refused.reason
        try:
            stored = self._source.load(version)
            model = ready_to_serve(stored, requirements=self._requirements)
        except ModelError as error:
            self._refused = Refusal(version, str(error), time.monotonic() + RETRY_REFUSED_AFTER_S)
            return self._refused.reason
        self._refused = None
        self._swap(model)
        self._last_good.keep(stored, self._live_since(version))
        return None

    def _swap(self, model: ServedModel) -> None:
        before, self._current = self._current, model
        self._metrics.model_swapped(model.version, before.version if before else None)
        log.info(
            "model_live",
            model_version=model.version,
            before=before.version if before else None,
            threshold=model.manifest.threshold,
            n_features=len(model.manifest.feature_set.scored),
            is_copy=model.is_copy,
            canary_difference=model.canary_difference,
        )
        if model.canary_difference is None:
            log.warning("model_without_canaries", model_version=model.version)

    def _live_since(self, version: str) -> str | None:
        if not isinstance(self._source, KnowsHistory):
            return None
        try:
            return self._source.live_since(version)
        except CreditError:
            # The look at the registry that follows says what is away.
            return None

    def _serve_what_is_live_still(self) -> None:
        """Answer with the copy at once when the history says that it has been live ever since it was kept."""
        try:
            stored = self._last_good.read()
            since = self._last_good.live_since(stored.version) if stored else None
            if stored is None or since is None or self._live_since(stored.version) != since:
                return
            self._swap(ready_to_serve(stored, requirements=self._requirements))
        except (CreditError, OSError) as error:
            log.error("last_good_model_unusable", reason=str(error))  # noqa: TRY400 - the reason says it all
            return
        self._problem, self._silent_from = None, time.monotonic() + FIRST_LOOK_S
        self._looked.set()

    def _serve_last_good(self) -> None:
        try:
            stored = self._last_good.read()
            if stored is not None and self._current is None:
                self._swap(ready_to_serve(stored, is_copy=True, requirements=self._requirements))
        except (CreditError, OSError) as error:
            log.error("last_good_model_unusable", reason=str(error))  # noqa: TRY400 - the reason says it all

    def _note(self, problem: str | None) -> None:
        refused, serving = self._refused, self._current
        self._metrics.model_refused.set(0 if refused is None else 1)
        # Said once, not every two seconds for as long as it lasts.
        if problem is not None and problem != self._problem:
            if refused is not None and problem == refused.reason:
                version = serving.version if serving else None
                log.error("model_refused", model_version=refused.version, serving=version, reason=problem)
            else:
                log.warning("live_model_problem", reason=problem)
        self._problem = problem
