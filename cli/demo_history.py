"""The demo's past: a week of decisions of an older system, made up and imported as a lender would."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import orjson
import pandas as pd

from cli.traffic import applicants
from credit_risk.scoring import Scorer
from resources.database import open_database
from resources.history import ImportSummary, import_history
from resources.registry import Registry
from resources.settings import Settings
from simulation.client import applications
from simulation.traffic import SEED_BATCHES, SeedBatch, seed_batch

NAME = "demo"
PER_DAY = 150

# Four clean days, then the gradual batches.
WEEK: tuple[SeedBatch, ...] = (SEED_BATCHES[0], *SEED_BATCHES[0:6])


def import_week(settings: Settings, registry: Registry, first: date) -> ImportSummary:
    """Make up the seven days from `first` and import them. The same days give the same decisions."""
    file = settings.home / "demo" / f"week_{first}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        week(settings, registry, first).to_parquet(file, index=False)
    return import_history(open_database(settings), file, NAME)


def week(settings: Settings, registry: Registry, first: date) -> pd.DataFrame:
    """Decisions with the columns of `predictions`, scored by the first model in production."""
    version = registry.production_version()
    model = registry.load(str(version))
    scorer = Scorer(model.booster_text, model.manifest)
    population = applicants(settings)
    days = []
    for offset, batch in enumerate(WEEK):
        day = first + timedelta(days=offset)
        rng = np.random.default_rng(day.toordinal())
        rows = seed_batch(population, batch.number, PER_DAY, rng)
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        seconds = np.sort(rng.integers(0, 86_400, PER_DAY))
        days.append(
            pd.DataFrame(
                {
                    "created_at": [midnight + timedelta(seconds=int(second)) for second in seconds],
                    "sk_id_curr": rows["SK_ID_CURR"],
                    "probability": scorer.probabilities(rows),
                    "threshold": model.manifest.threshold,
                    "features": [orjson.dumps(body["features"]).decode() for body in applications(rows)],
                }
            )
        )
    return pd.concat(days, ignore_index=True)
