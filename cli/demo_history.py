"""The demo's past: decisions of an older system, made up and imported as a lender would.

Here: last week, clean and then drifting; and two days of weeks ago, whose outcomes are known by now. Keep out: what
becomes of the loans (`demo_outcomes`).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from cli.demo_stage import Story
from cli.traffic import applicants
from credit_risk.scoring import Scorer
from resources.history import ImportSummary, import_history
from resources.lake import Lake
from resources.live_references import out_of_fold_file
from simulation.client import applications
from simulation.traffic import SEED_BATCHES, SeedBatch, seed_batch

NAME = "demo"
PER_DAY = 150

# Four clean days, then the gradual batches.
WEEK: tuple[SeedBatch, ...] = (SEED_BATCHES[0], *SEED_BATCHES[0:6])

# Of applicants whom the first model was not trained on: with their outcomes the gate can ask both models. It asks for
# 500 outcomes with 20 defaults; 70 % of these are approved, and about 5 % of those default.
KNOWN_DAYS: tuple[SeedBatch, ...] = (SEED_BATCHES[0], SEED_BATCHES[0])
KNOWN_PER_DAY = 600
# Behind the outcomes' month, and behind the days that the volume sensor watches: their drift is nobody's question.
KNOWN_SINCE = timedelta(days=45)


def import_week(story: Story, first: date) -> ImportSummary:
    """Make up the seven days from `first` and import them. The same days give the same decisions."""
    file = _file(story, f"week_{first}")
    if not file.exists():
        decisions(story, applicants(story.settings), WEEK, first, PER_DAY).to_parquet(file, index=False)
    return import_history(story.reports.database, file, NAME)


def import_known_days(story: Story, today: date) -> ImportSummary:
    """Make up the days whose outcomes are known, once for all demos of this home, and import them."""
    file = _file(story, "known")
    if not file.exists():
        population = applicants(story.settings)
        live = str(story.registry.production_version())
        seen = Lake(story.settings.lake_root).read_frame(out_of_fold_file(live), ["SK_ID_CURR"])["SK_ID_CURR"]
        strangers = population[~population["SK_ID_CURR"].isin(seen)].reset_index(drop=True)
        made = decisions(story, strangers, KNOWN_DAYS, today - KNOWN_SINCE, KNOWN_PER_DAY)
        made.to_parquet(file, index=False)
    return import_history(story.reports.database, file, NAME)


def decisions(
    story: Story, population: pd.DataFrame, batches: Sequence[SeedBatch], first: date, per_day: int
) -> pd.DataFrame:
    """Decisions with the columns of `predictions`, a day a batch, scored by the model in production."""
    model = story.registry.load(str(story.registry.production_version()))
    scorer = Scorer(model.booster_text, model.manifest)
    days = []
    for offset, batch in enumerate(batches):
        day = first + timedelta(days=offset)
        rng = np.random.default_rng(day.toordinal())
        rows = seed_batch(population, batch.number, per_day, rng)
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        seconds = np.sort(rng.integers(0, 86_400, per_day))
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


def _file(story: Story, name: str) -> Path:
    folder = story.settings.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.parquet"
