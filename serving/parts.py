"""The parts of a running service, as routes receive them.

Here: the frozen record that the application holds, and the dependency that hands it out.
Add a part when a route needs one. Keep out: building and closing parts (`app`).
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from credit_risk.errors import ModelError
from credit_risk.reasons import Catalogue
from serving.decision_database import DecisionDatabase
from serving.features_lookup import FeatureLookup
from serving.idempotency import Idempotency
from serving.journal import Journal
from serving.keys import Gate
from serving.live_model import LiveModel
from serving.metrics import Metrics
from serving.model_shelf import ModelShelf
from serving.record_reader import RecordReader
from serving.recorder import Recorder
from serving.served_model import ServedModel
from serving.side_write import SideWriter


@dataclass(frozen=True)
class Parts:
    """What a request may use."""

    live_model: LiveModel
    recorder: Recorder
    idempotency: Idempotency
    journal: Journal
    database: DecisionDatabase
    metrics: Metrics
    gate: Gate
    lookup: FeatureLookup
    reasons: Catalogue
    reasons_limit: int
    models: ModelShelf
    records: RecordReader
    side_writer: SideWriter

    def model(self) -> ServedModel:
        """The model that answers this request; ask once.

        Raises:
            ModelError: there is none.
        """
        model = self.live_model.current
        if model is None:
            raise ModelError(
                f"no model to answer with ({self.live_model.problem or 'loading'})",
                expected="a model that the registry calls production",
                remedy="train one and promote it (materialize champion_model); it is picked up within seconds",
            )
        return model


async def _parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts_of)]
