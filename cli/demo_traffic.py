"""The demo's applicants: today's sudden batches, and a few who keep coming while a model is retrained.

Keep out: how a population moves (`simulation.traffic`) and how it is sent (`simulation.client`).
"""

import threading
from datetime import UTC, datetime
from typing import Self

import pandas as pd

from cli.demo_stage import Story, heading, say
from cli.traffic import applicants
from credit_risk.errors import CreditError, UnavailableError
from credit_risk.monitored import monitored_features
from simulation.traffic import SEED_BATCHES, seed_batch

# Eight batches of the size that `credit traffic` sends: enough for 30 features to speak clearly.
LIVE_BATCHES = 8
BATCH_SIZE = 50
SUDDEN = SEED_BATCHES[6:8]

# While the model is retrained a few applicants keep coming, so that a dropped answer would show.
TRICKLE_SIZE = 4
TRICKLE_EVERY_S = 3.0

# A level of a category that holds this share of applicants is rare enough to be a change when
# only they apply, and common enough to draw from.
SEGMENT_SHARE = (0.02, 0.5)


def live_traffic(story: Story) -> datetime:
    """Post today's applicants: the sudden batches. Returns when they began."""
    heading("today: applicants arrive over HTTP, suddenly different from those in training")
    population = fresh_segment(story, applicants(story.settings))
    since = datetime.now(UTC)
    for number in range(LIVE_BATCHES):
        batch = SUDDEN[number % len(SUDDEN)]
        rows = seed_batch(population, batch.number, BATCH_SIZE, story.rng)
        say(f"batch {number + 1} of {LIVE_BATCHES} ({batch.kind} {batch.intensity:g}): {story.post(rows)}")
    return since


def fresh_segment(story: Story, population: pd.DataFrame) -> pd.DataFrame:
    """All applicants; on a day whose alert was answered already, one segment, which is a new cause.

    Raises:
        UnavailableError: every monitored feature has drifted today and was answered.
    """
    today = datetime.now(UTC).date()
    answered = story.causes.answered(today).get(today, frozenset())
    live = story.registry.production_version()
    if not answered or live is None:
        return population
    for feature in monitored_features(story.registry.manifest(live).importances, story.settings.drift_features):
        if feature in answered or pd.api.types.is_numeric_dtype(population[feature]):
            continue
        shares = population[feature].value_counts(normalize=True)
        levels = shares[shares.between(*SEGMENT_SHARE)]
        if not levels.empty:
            # The rarest: it stands out even among all applicants of earlier runs.
            level = levels.index[-1]
            say(f"today's alert was answered before; now only {feature} = {level} applies, which is a new cause")
            segment: pd.DataFrame = population[population[feature] == level]
            return segment.reset_index(drop=True)
    raise UnavailableError(
        f"today's {len(answered)} drifted features answered by earlier retrainings, and none left to move",
        expected="a monitored feature that has not drifted today",
        remedy="run the demo tomorrow, or `make clean` and begin anew",
    )


class Trickle:
    """Applicants that keep coming in the background; what fails is remembered in the story."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._ended = threading.Event()
        self._failure: CreditError | None = None
        self._thread = threading.Thread(target=self._post, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _post(self) -> None:
        population = applicants(self._story.settings)
        while not self._ended.wait(TRICKLE_EVERY_S):
            try:
                self._story.post(seed_batch(population, SUDDEN[0].number, TRICKLE_SIZE, self._story.rng))
            except CreditError as error:
                # Raised where the story is told: an exception would end only this thread.
                self._failure = error
                return
