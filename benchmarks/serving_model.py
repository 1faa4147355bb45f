"""The model that all sides serve, and the applications that all sides answer; made once, kept in the cache folder.

Here: a made-up portfolio through the platform's own features and training, and the same rows as bodies for each
kind of server. Run as a program, it makes the folder. Keep out: servers, and what is measured.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from benchmarks.features_pipeline import Pipeline
from benchmarks.memory import python
from benchmarks.portfolios import CACHE, raw_folder
from benchmarks.serving_files import Bench
from credit_risk.canaries import choose_canaries
from credit_risk.feature_set import NOT_FEATURES, PROTECTED_FEATURES
from credit_risk.manifest import Manifest
from credit_risk.scoring import Scorer
from credit_risk.training import TrainedModel, train
from credit_risk.training_parameters import TrainingParameters
from resources.settings import REPOSITORY
from simulation.client import applications

PREFIX = "serving-"
CLIENTS = 3_000
# What decides the folder's contents; a change of any makes a new one.
MADE_BY = ("simulation", "credit_risk/features", "credit_risk/tables", "benchmarks/serving_model.py")
TRAINED_BY = ("training", "training_parameters", "feature_set", "manifest", "calibration")

# Scoring costs what trees cost. A full portfolio grows about a thousand of 31 leaves; few clients would
# stop far earlier, so they learn slowly enough to use all rounds.
PARAMETERS = TrainingParameters(
    learning_rate=0.003, num_leaves=31, min_data_in_leaf=20, feature_fraction=0.1, max_rounds=1000, patience=1000
)

# Different enough that no cache of a processor holds them all, few enough to prepare at once.
N_BODIES = 400
# The design's case: a third of the answers carries reasons.
REFUSED_SHARE = 0.3
SEED = 11


def bench(features: int | None = None, cache: Path = CACHE) -> Bench:
    """The folder, made unless it is there.

    Args:
        features: how many the model scores; None means all that the platform computes.
        cache: where it is kept.

    Raises:
        subprocess.CalledProcessError: it could not be made.
    """
    found = Bench(cache / f"{PREFIX}{features or 'all'}-{fingerprint()}")
    if not found.folder.is_dir():
        raw = raw_folder(None, CLIENTS)
        print(f"Training the model of the benchmark into {found.folder}, once (a minute or two).", flush=True)
        thin = ["--features", str(features)] if features else []
        # In a process of its own: what training imports and allocates is gone before anything is measured.
        subprocess.run(python("benchmarks.serving_model", raw, found.folder, *thin), check=True)  # noqa: S603
        for outdated in set(cache.glob(f"{PREFIX}{features or 'all'}-*")) - {found.folder}:
            shutil.rmtree(outdated, ignore_errors=True)
    return found


def fingerprint() -> str:
    """Digits that change with the code that makes portfolio, features and model."""
    digest = hashlib.sha256()
    for file in sorted(_sources()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for place in MADE_BY:
        path = REPOSITORY / place
        yield from [path] if path.is_file() else path.rglob("*.py")
    yield from (REPOSITORY / "credit_risk" / f"{name}.py" for name in TRAINED_BY)


def make(raw: Path, folder: Path, features: int | None = None) -> None:
    """Features, model and bodies into a folder; it is there as a whole or not at all."""
    made = Bench(folder.with_name(f".{folder.name}"))
    shutil.rmtree(made.folder, ignore_errors=True)
    made.folder.mkdir(parents=True)
    pipeline = Pipeline(raw, made.folder / "home")
    pipeline.load()
    pipeline.compute()
    pipeline.join()
    table = pipeline.lake.read_frame(pipeline.client_features_file)
    labels = pipeline.lake.read_frame("raw/application_train.parquet", ["SK_ID_CURR", "TARGET"])
    frame = thinned(table, features).merge(labels, on="SK_ID_CURR", validate="one_to_one")
    target = frame.pop("TARGET").to_numpy()
    trained = train(frame, target, parameters=PARAMETERS)
    manifest = _manifest(trained, pipeline)
    made.manifest_file.write_text(manifest.to_json(), encoding="utf-8")
    made.booster.write_text(trained.booster_text, encoding="utf-8")
    matrix = manifest.feature_set.encode_frame(frame)
    _write_peers(made, trained, pd.DataFrame(matrix, columns=manifest.feature_set.scored_names), target)
    scorer = Scorer(trained.booster_text, manifest)
    canaries = choose_canaries(frame, trained.out_of_fold["probability"].to_numpy(), scorer)
    made.canaries_file.write_text(canaries.to_json(), encoding="utf-8")
    _write_bodies(made, scorer, frame, matrix)
    made.folder.rename(folder)


def thinned(table: pd.DataFrame, features: int | None) -> pd.DataFrame:
    """A feature table with so many features to score, taken evenly from all of its sources; None keeps all.

    Raises:
        ValueError: it has fewer.
    """
    scored = [name for name in table.columns if name not in (*NOT_FEATURES, *PROTECTED_FEATURES)]
    if features is None:
        return table
    if not 0 < features <= len(scored):
        raise ValueError(f"{features} features asked for; the platform computes {len(scored)}")
    kept = {scored[int(place)] for place in np.linspace(0, len(scored) - 1, features).round()}
    return table[[name for name in table.columns if name in kept or name not in scored]]


def mixture(probabilities: npt.NDArray[np.float64], threshold: float, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Row numbers of bodies of which a known share is refused, in random order.

    Raises:
        ValueError: too few rows on one side of the threshold.
    """
    n_refused = round(REFUSED_SHARE * N_BODIES)
    refused, approved = (np.flatnonzero(side) for side in (probabilities >= threshold, probabilities < threshold))
    if len(refused) < n_refused or len(approved) < N_BODIES - n_refused:
        raise ValueError(
            f"{len(refused)} refused and {len(approved)} approved clients; need {n_refused}, {N_BODIES - n_refused}"
        )
    chosen = [rng.choice(refused, n_refused, replace=False)]
    chosen.append(rng.choice(approved, N_BODIES - n_refused, replace=False))
    return rng.permutation(np.concatenate(chosen))


def _manifest(trained: TrainedModel, pipeline: Pipeline) -> Manifest:
    return trained.manifest(
        feature_version=Path(pipeline.client_features_file).stem,
        raw_sha256={},
        code_version="benchmark",
        trained_at="2026-01-01T00:00:00+00:00",
        mlflow_run_id="benchmark",
        cause="benchmark",
    )


def _write_peers(made: Bench, trained: TrainedModel, encoded: pd.DataFrame, target: npt.NDArray[np.int64]) -> None:
    """The booster for MLflow, and for the tutorial a classifier of the same size on the same rows."""
    import joblib  # type: ignore[import-untyped]
    import lightgbm
    import mlflow.lightgbm
    from mlflow.models import infer_signature

    booster = lightgbm.Booster(model_str=trained.booster_text)
    mlflow.lightgbm.save_model(
        booster,
        made.mlflow_model,
        # Without one it passes null on as an object, which LightGBM refuses.
        signature=infer_signature(encoded.head(), booster.predict(encoded.head().to_numpy())),
        pip_requirements=[f"lightgbm=={lightgbm.__version__}"],
    )
    options = {**PARAMETERS.to_lightgbm(), "num_threads": 0}
    classifier = lightgbm.LGBMClassifier(**options, n_estimators=trained.parameters["rounds"])
    classifier.fit(encoded, target, categorical_feature=trained.feature_set.categorical_indices)
    joblib.dump(classifier, made.classifier)


def _write_bodies(made: Bench, scorer: Scorer, frame: pd.DataFrame, matrix: npt.NDArray[np.float64]) -> None:
    import lightgbm

    rng = np.random.default_rng(SEED)
    probabilities = scorer.probabilities(frame)
    threshold = scorer.manifest.threshold
    rows = mixture(probabilities, threshold, rng)
    names = scorer.manifest.feature_set.scored_names
    encoded = [[None if np.isnan(value) else value for value in row] for row in matrix[rows].tolist()]
    clients = [{"SK_ID_CURR": int(key)} for key in frame["SK_ID_CURR"].iloc[rows]]
    _write(made.bodies("features"), applications(frame.iloc[rows]))
    _write(made.bodies("client"), clients)
    _write(made.bodies("form"), _forms(made, frame["SK_ID_CURR"].iloc[rows].tolist()))
    named = [dict(zip(names, row, strict=True)) for row in encoded]
    _write(made.bodies("flat"), [client | row for client, row in zip(clients, named, strict=True)])
    _write(made.bodies("dataframe"), [{"dataframe_split": {"columns": names, "data": [row]}} for row in encoded])
    _write(made.bodies("row"), [{"row": [row]} for row in encoded])
    raw = lightgbm.Booster(model_file=str(made.booster)).predict(matrix[rows[:1]], num_threads=1)
    about = {
        "probability": float(probabilities[rows[0]]),
        "uncalibrated": float(np.asarray(raw).item()),
        "n_features": len(names),
        "n_trees": int(scorer.manifest.parameters["rounds"]),
        "n_leaves": PARAMETERS.num_leaves,
        "body_bytes": round(made.bodies("features").stat().st_size / N_BODIES),
        "missing_share": float(np.isnan(matrix[rows]).mean()),
    }
    made.expected.write_text(json.dumps(about, indent=2))


def _forms(made: Bench, clients: list[int]) -> list[dict[str, Any]]:
    """The raw application forms of these clients; what is missing is left out."""
    raw = pd.read_parquet(made.lake / "raw" / "application_train.parquet").drop(columns="TARGET")
    records = json.loads(raw.set_index("SK_ID_CURR").loc[clients].to_json(orient="records", double_precision=15))
    return [
        {"SK_ID_CURR": client, "application": {name: value for name, value in row.items() if value is not None}}
        for client, row in zip(clients, records, strict=True)
    ]


def _write(file: Path, bodies: Iterable[dict[str, Any]]) -> None:
    file.write_bytes(b"\n".join(orjson.dumps(body) for body in bodies) + b"\n")


def main() -> int:
    """Make the folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving_model", description=make.__doc__)
    parser.add_argument("raw", type=Path, help="the eight CSV files")
    parser.add_argument("folder", type=Path, help="folder to make")
    parser.add_argument("--features", type=int, help="how many the model scores; else all")
    options = parser.parse_args()
    make(options.raw, options.folder, options.features)
    return 0


if __name__ == "__main__":
    sys.exit(main())
