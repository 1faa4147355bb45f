"""The models behind stored decisions: whichever version decided, it can still say why.

Here: scorers by version, the live one first, others from the registry and kept while they are asked for. Keep out:
which model answers now (`live_model`).
"""

import asyncio
from collections import OrderedDict

from credit_risk.scoring import Scorer
from serving.live_model import LiveModel, ModelSource

# Each holds a booster and its prepared trees, some tens of megabytes. An observer compares a few versions.
KEPT = 4


class ModelShelf:
    """Scorers of all versions that the registry has.

    Args:
        live_model: the one that answers now.
        source: the registry.
    """

    def __init__(self, live_model: LiveModel, source: ModelSource) -> None:
        self._live_model = live_model
        self._source = source
        self._kept: OrderedDict[str, Scorer] = OrderedDict()
        # One load at a time: ten observers that ask for one version wait for one load.
        self._loading = asyncio.Lock()

    async def scorer(self, version: str) -> Scorer:
        """The scorer of a version.

        Raises:
            ModelError: the registry does not have it, or it cannot score.
            UnavailableError: the registry does not answer.
        """
        current = self._live_model.current
        if current is not None and current.version == version:
            return current.scorer
        async with self._loading:
            if version not in self._kept:
                self._kept[version] = await asyncio.to_thread(self._load, version)
            self._kept.move_to_end(version)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[version]

    def _load(self, version: str) -> Scorer:
        stored = self._source.load(version)
        return Scorer(stored.booster_text, stored.manifest)
