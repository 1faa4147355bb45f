"""Training rows: what a model is trained on, gathered once for the model and again for its reference.

Here: reading labels, outcomes and live applicants, and the record of the outcomes that a model
had. Keep out: how rows are put together (`credit_risk.labels`), and weights themselves
(`credit_risk.live_weights`).
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pandas as pd

from credit_assets.raw import raw_file
from credit_risk.errors import PortfolioError
from credit_risk.labels import TrainingRows, combine
from credit_risk.live_weights import LiveWeights, live_weights
from resources.dagster_resources import PlatformResource
from resources.feature_store import FeatureStore
from resources.labelled_decisions import LabelledDecisions

# The raw table that says who defaulted.
LABELS = "application_train"

# The classifier behind the weights has some dozens of columns: more live rows would not move its
# coefficients, and a day may have a million.
LIVE_ROWS = 20_000


def outcomes_file(version: str) -> str:
    """Where the lake keeps which outcomes a model was trained on, with their out-of-fold predictions."""
    return f"models/{version}/outcomes.parquet"


def labelled_clients(platform: PlatformResource, feature_version: str) -> tuple[pd.DataFrame, pd.Series]:
    """Features and targets of the clients of application_train, in one order."""
    features = FeatureStore(platform.lake).frame(feature_version)
    labels = platform.lake.read_frame(raw_file(LABELS), ["SK_ID_CURR", "TARGET"])
    joined = features.merge(labels, on="SK_ID_CURR", validate="one_to_one")
    return joined.drop(columns="TARGET"), joined["TARGET"]


def present_rows(platform: PlatformResource, feature_version: str) -> TrainingRows:
    """The labelled clients, and the decisions whose outcome is known now."""
    decisions = LabelledDecisions(platform.database, platform.prediction_log)
    return combine(*labelled_clients(platform, feature_version), decisions.matured(datetime.now(UTC)))


def rows_of(platform: PlatformResource, version: str, feature_version: str) -> TrainingRows:
    """The rows that a model was trained on, but for decisions whose features were erased since."""
    trained_on = recorded_outcomes(platform, version)
    targets = {
        UUID(str(each)): int(y) for each, y in zip(trained_on["prediction_id"], trained_on["target"], strict=True)
    }
    decisions = LabelledDecisions(platform.database, platform.prediction_log)
    return combine(*labelled_clients(platform, feature_version), decisions.of(targets))


def recorded_outcomes(platform: PlatformResource, version: str) -> pd.DataFrame:
    """The outcomes that a model was trained on; empty for a model of before there were any."""
    name = outcomes_file(version)
    if not platform.lake.exists(name):
        return pd.DataFrame({"prediction_id": [], "target": []})
    return platform.lake.read_frame(name)


def with_predictions(rows: TrainingRows, out_of_fold: pd.DataFrame) -> pd.DataFrame:
    """The outcomes among the rows, each with its out-of-fold prediction: never of a model that saw its client."""
    decided = out_of_fold.iloc[rows.n_raw :].reset_index(drop=True)
    kept = rows.outcomes.reset_index(drop=True).assign(**decided[["fold", "probability", "weight"]])
    return kept.assign(prediction_id=kept["prediction_id"].astype(str), target=kept["target"].astype("int64"))


def weights_towards(platform: PlatformResource, days: Collection[date], rows: TrainingRows) -> LiveWeights:
    """Weights of the rows towards the applicants of some days.

    Raises:
        PortfolioError: no model is live, whose monitored features they are compared on, or too few applicants.
    """
    live_model = platform.registry.production_version()
    if live_model is None:
        raise PortfolioError(
            "days to weight the rows towards, but no model in production",
            expected="the model whose applicants moved",
            remedy="promote a model first, or train without days",
        )
    monitored = [f for f in platform.registry.manifest(live_model).monitored_features if f in rows.frame.columns]
    stored = [platform.prediction_log.features_of(day).reindex(columns=monitored) for day in sorted(days)]
    live = pd.concat([frame.astype(object) for frame in stored], ignore_index=True)
    if len(live) > LIVE_ROWS:
        # Seeded by the days: the same request draws the same applicants.
        rng = np.random.default_rng([day.toordinal() for day in sorted(days)])
        live = live.iloc[np.sort(rng.choice(len(live), LIVE_ROWS, replace=False))].reset_index(drop=True)
    return live_weights(rows.frame, live, monitored)
