"""The floor: what FastAPI, uvicorn and the booster take when nothing is checked and nothing is recorded.

Here: the same framework, server, model, body and single-row call as ours. What ours takes beyond this is what its
contract costs. Keep out: anything that a client could rely on.
"""

import math
import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from fastapi import FastAPI, Request, Response

from benchmarks.serving_files import Bench
from credit_risk.booster import SingleRowBooster


class Floor:
    """A row to a probability; what is not known is passed over."""

    def __init__(self, bench: Bench) -> None:
        import lightgbm

        manifest = bench.manifest()
        self._booster = SingleRowBooster(lightgbm.Booster(model_file=str(bench.booster)))
        self._calibration = manifest.calibration
        scored = manifest.feature_set.scored
        self._names = [feature.name for feature in scored]
        self._missing = [math.nan] * len(scored)
        self._pack = struct.Struct(f"{len(scored)}d").pack
        self._categories = [
            (place, {level: float(code) for code, level in enumerate(feature.levels)})
            for place, feature in enumerate(scored)
            if feature.kind == "categorical"
        ]

    def probability(self, features: dict[str, Any]) -> float:
        """The calibrated probability of default."""
        row = list(map(features.get, self._names, self._missing))
        for place, codes in self._categories:
            row[place] = codes.get(row[place], math.nan)
        raw = self._booster.raw_score(np.frombuffer(self._pack(*row)))
        return float(self._calibration.probability(np.array([raw]))[0])


app = FastAPI()


@cache
def model() -> Floor:
    """The model, read once."""
    return Floor(Bench(Path(os.environ["BENCH_FOLDER"])))


@app.post("/predict")
async def predict(request: Request) -> Response:
    """Parse, place, score, answer."""
    application = orjson.loads(await request.body())
    probability = model().probability(application["features"])
    answer = {"SK_ID_CURR": application["SK_ID_CURR"], "probability": probability}
    return Response(orjson.dumps(answer), media_type="application/json")


def main() -> int:
    """Serve on the port that is given, with the server settings of ours."""
    import uvicorn

    model()
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_config=None, access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
