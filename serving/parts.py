"""The parts of a running service, as routes receive them.

Here: the frozen record that the application holds, and the dependency that hands it out.
Add a part when a route needs one. Keep out: building and closing parts (`app`).
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from credit_risk.errors import ModelError
from serving.decision_database import DecisionDatabase
from serving.journal import Journal
from serving.live_model import LiveModel, ServedModel
from serving.metrics import Metrics
from serving.recorder import Recorder


@dataclass(frozen=True)
class Parts:
    """What a request may use."""

    live_model: LiveModel
    recorder: Recorder
    journal: Journal
    database: DecisionDatabase
    metrics: Metrics

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
