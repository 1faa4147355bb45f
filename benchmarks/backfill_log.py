"""The past of a benchmark: a reference, and days of decisions with the features of made-up clients.

Here: ten different days, written as the service writes them, and copied within the database as often
as needed: a year of 1,000 a day takes a minute. Keep out: what is measured on them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
from uuid_utils.compat import uuid7

from credit_risk.manifest import Manifest
from credit_risk.reference import reference_sample, reference_statistics
from resources import schema
from resources.database import Connection, Database
from resources.feature_store import FeatureStore
from resources.lake import Lake
from resources.live_references import out_of_fold_file
from resources.prediction_log import DecisionRecord, FeatureNames, insert_decisions
from resources.registry import open_registry
from resources.settings import Settings
from resources.training_reference import TrainingReference
from simulation.traffic import simulate_drift

VERSION = "1"
REFERENCE_ROWS = 5_000
# Days that differ; later ones repeat them. Two of ten have moved, so that alerts cost what they cost.
DIFFERENT_DAYS = 10
MOVED = {7: 0.7, 8: 0.5}
SECONDS_A_DAY = 86_400
SEED = 23

_COLUMNS = (
    "sk_id_curr, probability, prediction, decision, threshold, model_version, inference_time_ms, "
    "n_features_missing, feature_set_id, numbers, texts, reasons"
)
_COPY = f"""
    INSERT INTO credit.decisions (prediction_id, created_at, {_COLUMNS})
    SELECT gen_random_uuid(), created_at + %(shift)s, {_COLUMNS} FROM credit.decisions
    WHERE created_at >= %(start)s AND created_at < %(end)s
"""  # noqa: S608  # columns of our own


def put_reference(database: Database, settings: Settings) -> None:
    """The training reference of the model in production, and its out-of-fold probabilities."""
    lake = Lake(settings.lake_root)
    manifest = open_registry(database, lake).manifest(VERSION)
    frame = _clients(lake, manifest)
    rng = np.random.default_rng(SEED)
    sample = reference_sample(frame, list(frame.columns), REFERENCE_ROWS, rng)
    TrainingReference(database, lake).store(VERSION, reference_statistics(frame), sample)
    lake.write_frame(out_of_fold_file(VERSION), pd.DataFrame({"probability": _probabilities(len(frame), rng)}))


def fill_log(database: Database, settings: Settings, *, days: int, per_day: int, last: date) -> None:
    """So many days of decisions, the last one included."""
    lake = Lake(settings.lake_root)
    manifest = open_registry(database, lake).manifest(VERSION)
    clients, first = _clients(lake, manifest), last - timedelta(days=days - 1)
    with database.connect() as connection:
        schema.ensure_partitions(connection, first, last)
        for number in range(min(days, DIFFERENT_DAYS)):
            _write_day(connection, manifest, clients, number, first + timedelta(days=number), per_day)
        for start in range(DIFFERENT_DAYS, days, DIFFERENT_DAYS):
            n_days = min(DIFFERENT_DAYS, days - start)
            begin = _midnight(first)
            window = {"start": begin, "end": begin + timedelta(days=n_days), "shift": timedelta(days=start)}
            connection.execute(_COPY, window)
    with database.connect(autocommit=True) as connection:
        # As it would be by the time that anybody looks back on a year.
        connection.execute("VACUUM ANALYZE credit.decisions")


def _write_day(
    connection: Connection, manifest: Manifest, clients: pd.DataFrame, number: int, day: date, per_day: int
) -> None:
    rng = np.random.default_rng([SEED, number])
    rows = clients.iloc[rng.choice(len(clients), per_day, replace=per_day > len(clients))].reset_index(drop=True)
    if number in MOVED:
        rows = simulate_drift(rows, "sudden", MOVED[number], rng, spread_of=clients)
    insert_decisions(connection, list(_decisions(manifest, rows, day, rng)))


def _decisions(manifest: Manifest, rows: pd.DataFrame, day: date, rng: np.random.Generator) -> Iterator[DecisionRecord]:
    accepted = manifest.feature_set.accepted
    names = FeatureNames(
        tuple(feature.name for feature in accepted if feature.kind == "numeric"),
        tuple(feature.name for feature in accepted if feature.kind != "numeric"),
    )
    probabilities = _probabilities(len(rows), rng)
    seconds = np.sort(rng.uniform(0, SECONDS_A_DAY - 1, len(rows)))
    known = rows.notna().to_numpy()
    values = rows.astype(object).to_numpy()
    for place, probability in enumerate(probabilities):
        refused = probability >= manifest.threshold
        yield DecisionRecord(
            prediction_id=uuid7(),
            created_at=_midnight(day) + timedelta(seconds=float(seconds[place])),
            sk_id_curr=100_000 + place,
            probability=float(probability),
            prediction=int(refused),
            decision="REFUSED" if refused else "APPROVED",
            threshold=manifest.threshold,
            model_version=VERSION,
            inference_time_ms=0.3,
            n_features_missing=int((~known[place]).sum()),
            features={
                name: value
                for name, value, there in zip(rows.columns, values[place], known[place], strict=True)
                if there
            },
            reasons=[],
            feature_names=names,
        )


def _clients(lake: Lake, manifest: Manifest) -> pd.DataFrame:
    store = FeatureStore(lake)
    return manifest.feature_set.conform(store.frame(store.newest().version))


def _probabilities(n: int, rng: np.random.Generator) -> np.ndarray:
    """As a calibrated model of this portfolio spreads them; the model itself would take a minute for a year."""
    return rng.beta(1.2, 13.0, n)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
