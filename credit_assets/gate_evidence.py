"""Evidence for the gate: what it judges on beside out-of-fold predictions, fetched from where it is.

Here: recent outcomes scored by both models, the time an answer takes, groups of applicants, and the
challenger's strongest features. Add a source when the gate gets a criterion. Keep out: figures and
limits (`credit_risk.gate`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter

import numpy as np
import pandas as pd

from credit_assets.training_rows import recorded_outcomes
from credit_risk.canaries import Canary
from credit_risk.errors import ModelError
from credit_risk.estimate import Floats
from credit_risk.gate.contender import Contender
from credit_risk.gate.groups import GROUP_FEATURES, protected_groups
from credit_risk.gate.judge import Evidence
from credit_risk.gate.latency import Latency
from credit_risk.gate.leakage import N_STRONGEST
from credit_risk.gate.recent_outcomes import RecentOutcomes, Witness, recent_outcomes
from credit_risk.labels import APPROVED
from credit_risk.scoring import Scorer
from resources.dagster_resources import PlatformResource
from resources.feature_store import FeatureStore
from resources.labelled_decisions import LabelledDecisions
from resources.live_references import out_of_fold_file
from resources.outcomes import Outcomes
from resources.stored_model import StoredModel

# At the usual 4 % of defaults among the approved these hold 200: more would be older, and the
# question is how the models do now.
MOST_OUTCOMES = 5_000

# Passes over the applications to time; the fastest of so many is within some percent of the
# quietest moment of a busy machine. With 32 applications of 2 ms they take 0.6 s a model.
PASSES = 10

ANOTHER_SET = "whose stored features are not those that a model scores"


@dataclass
class Candidate:
    """A registered model, opened for the gate; what is asked for is fetched once."""

    platform: PlatformResource
    version: str

    @cached_property
    def stored(self) -> StoredModel:
        """Booster, manifest and canaries."""
        return self.platform.registry.load(self.version)

    @cached_property
    def scorer(self) -> Scorer:
        """Ready to score."""
        return Scorer(self.stored.booster_text, self.stored.manifest)

    @cached_property
    def contender(self) -> Contender:
        """As the gate takes it."""
        rows = self.platform.lake.read_frame(out_of_fold_file(self.version))
        return Contender(self.version, rows, self.stored.manifest.threshold)

    def witness(self, scored: Floats) -> Witness:
        """What it was trained on, beside what it says about some decisions."""
        outcomes = recorded_outcomes(self.platform, self.version)
        # A client that was erased since is missing among them.
        decided_on = outcomes["SK_ID_CURR"].dropna() if "SK_ID_CURR" in outcomes else ()
        clients = {*self.contender.out_of_fold["SK_ID_CURR"].tolist(), *decided_on}
        return Witness(
            scored=scored,
            out_of_fold=dict(zip(outcomes["prediction_id"].astype(str), outcomes.get("probability", []), strict=True)),
            clients=frozenset(int(client) for client in clients),
            threshold=self.contender.threshold,
        )


def gather_evidence(platform: PlatformResource, challenger: Candidate, champion: Candidate | None) -> Evidence:
    """Everything that the gate may know about a challenger and its champion."""
    strongest = list(challenger.stored.manifest.importances)[:N_STRONGEST]
    features = _features(platform, challenger, [*strongest, *GROUP_FEATURES])
    return Evidence(
        outcomes=None if champion is None else _outcomes(platform, challenger, champion),
        latency=measure_latency(challenger, champion),
        groups=protected_groups(features) if set(GROUP_FEATURES) <= set(features.columns) else None,
        strongest=features[["SK_ID_CURR", *strongest]],
    )


def measure_latency(challenger: Candidate, champion: Candidate | None) -> Latency | None:
    """The time of one answer, its score and the contributions behind its reasons, on the challenger's canaries.

    The two take turns, pass by pass, so that both meet the same moments of the machine.
    """
    canaries = challenger.stored.canaries
    if canaries is None or not canaries.rows:
        return None
    models = [model for model in (challenger, champion) if model is not None]
    bodies = [_bodies(model, canaries.rows) for model in models]
    seconds: list[list[float]] = [[] for _ in models]
    for _ in range(PASSES):
        for model, own, taken in zip(models, bodies, seconds, strict=True):
            taken.append(_pass(model.scorer, own))
    return Latency.of_repeats(seconds[0], seconds[1] if champion else None, rows=len(canaries.rows))


def _pass(scorer: Scorer, bodies: Sequence[dict[str, object]]) -> float:
    started = perf_counter()
    for body in bodies:
        scorer.contributions(scorer.score(body).row)
    return perf_counter() - started


def _bodies(model: Candidate, applications: Sequence[Canary]) -> list[dict[str, object]]:
    """The applications with the features that a model takes; another feature set would be refused."""
    accepted = {feature.name for feature in model.stored.manifest.feature_set.accepted}
    return [{name: value for name, value in each.features.items() if name in accepted} for each in applications]


def _features(platform: PlatformResource, model: Candidate, names: Sequence[str]) -> pd.DataFrame:
    """Columns of the feature version that a model was trained on; of the groups' those that it has."""
    store, version = FeatureStore(platform.lake), model.stored.manifest.feature_version
    known = {feature.name for feature in model.stored.manifest.feature_set.accepted}
    return store.frame(version, ["SK_ID_CURR", *dict.fromkeys(name for name in names if name in known)])


def _outcomes(platform: PlatformResource, challenger: Candidate, champion: Candidate) -> RecentOutcomes:
    """Both models on the most recently observed outcomes of approved decisions."""
    current = Outcomes(platform.database).matured(datetime.now(UTC))
    newest = current.sort_values(["observed_at", "prediction_id"], kind="stable").tail(MOST_OUTCOMES)
    targets = dict(zip(newest["prediction_id"], newest["target"], strict=True))
    scored, left_out = [], Counter[str]()
    for frame in LabelledDecisions(platform.database, platform.prediction_log).of(targets):
        approved = frame[frame["admitted"] == APPROVED]
        try:
            new, old = (model.scorer.probabilities(approved) for model in (challenger, champion))
        except ModelError:
            left_out[ANOTHER_SET] += len(approved)
        else:
            scored.append(approved[["prediction_id", "SK_ID_CURR", "target"]].assign(new=new, old=old))
    if not scored:
        return RecentOutcomes(None, left_out)
    decisions = pd.concat(scored, ignore_index=True)
    witnesses = (challenger.witness(_floats(decisions["new"])), champion.witness(_floats(decisions["old"])))
    return recent_outcomes(decisions, *witnesses, left_out=left_out)


def _floats(column: "pd.Series[float]") -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)
