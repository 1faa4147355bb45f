"""`make bench-worth`: what the features are worth, as AUC and cost on rows that no model saw.

Here: one training a set on the same clients and folds, and the figures as Markdown. Keep out: what the sets
are (`worth_sets`), training and its figures (`credit_risk`).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.features_pipeline import SOURCES, Pipeline
from benchmarks.features_side import tell_step
from benchmarks.portfolios import CACHE
from benchmarks.redundancy import MOST_ROWS, SAME_RANKS, Redundancy, redundancy
from benchmarks.worth_sets import ACROSS, APPLICATION, KERNEL, OURS, Labels, families, family_of, frame_of, labels
from credit_risk.errors import CreditError
from credit_risk.estimate import Estimate
from credit_risk.feature_set import FeatureSet
from credit_risk.gate.contender import Contender
from credit_risk.gate.judge import judge
from credit_risk.training import TrainedModel, TrainingProgress, train
from credit_risk.training_parameters import TrainingParameters
from resources.settings import load_settings

SETS = {
    APPLICATION: "application form, as it is",
    KERNEL: "the kernel's columns",
    OURS: "ours",
}
COMPARISONS = ((OURS, KERNEL), (OURS, APPLICATION), (KERNEL, APPLICATION))
# Of the bootstrap alone: the models have their own.
SEED = 0
PAIRS_SHOWN = 20

CAVEAT = """On files that `credit data synthesize` made, this comparison is circular: their defaults were drawn
from a formula that the same people wrote who wrote the features. It shows that nothing is broken, no more. The
sets are judged on the published files."""


@dataclass(frozen=True)
class Judged:
    """A set and the model trained on it."""

    model: TrainedModel
    seconds: float

    def contender(self, name: str) -> Contender:
        """As a comparison sees it."""
        return Contender(name, self.model.out_of_fold, self.model.threshold)


def judged(name: str, frame: pd.DataFrame, rows: Labels) -> Judged:
    """Train on a set, with the parameters for the number of clients."""

    def tell(done: TrainingProgress) -> None:
        print(f"{name}: {done}", flush=True)

    print(f"{name}: {frame.shape[1] - 1} features of {len(frame):,} clients", flush=True)
    started = time.perf_counter()
    model = train(frame, rows.target, parameters=TrainingParameters.for_size(len(frame)), progress=tell)
    return Judged(model, time.perf_counter() - started)


def difference(one: Judged, other: Judged) -> dict[str, Estimate]:
    """What the first model gains over the second on the same clients, with paired 95 % intervals."""
    verdict = judge(one.contender("1"), other.contender("2"), rng=np.random.default_rng(SEED))
    return {
        item.title: Estimate(item.difference, item.low, item.high)
        for item in verdict.criteria
        if item.difference is not None and item.low is not None and item.high is not None
    }


def without(frame: pd.DataFrame, source: str, read: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """Our set without the features that need a source."""
    return frame.drop(columns=[name for name in frame.columns if source in read.get(name, ())])


def set_table(models: Mapping[str, Judged]) -> Iterator[str]:
    """A row a set: figures out of fold, with 95 % intervals."""
    yield "| set | model features | AUC | cost | trees | seconds |"
    yield "| --- | ---: | --- | --- | ---: | ---: |"
    for name, judged_ in models.items():
        model, figures = judged_.model, judged_.model.metrics
        intervals = [
            str(Estimate(*(figures[f"{figure}{end}"] for end in ("", "_low", "_high"))))
            for figure in ("auc", "business_cost")
        ]
        cells = [SETS[name], str(len(model.feature_set.scored)), *intervals, str(model.parameters["rounds"])]
        yield f"| {' | '.join(cells)} | {judged_.seconds:.0f} |"


def difference_table(models: Mapping[str, Judged]) -> Iterator[str]:
    """A row a pair of sets."""
    yield "| comparison | AUC gained | cost saved |"
    yield "| --- | --- | --- |"
    for one, other in COMPARISONS:
        yield f"| {SETS[one]} against {SETS[other]} | {_gain_cells(difference(models[one], models[other]))} |"


def _gain_cells(gains: Mapping[str, Estimate]) -> str:
    cost = gains["business cost"]
    return f"{gains['AUC']} | {Estimate(-cost.value, -cost.high, -cost.low)}"


def family_table(full: Judged, left_out: Mapping[str, Judged], read: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """A row a source: its features, their share of the gain, and what the model loses without it."""
    gains = pd.Series(full.model.importances)
    family = pd.Series([family_of(name, read) for name in gains.index], index=gains.index)
    shares, counts = gains.groupby(family).sum() / gains.sum(), family.value_counts()
    head = [
        "source",
        "model features",
        "share of gain",
        *(["AUC gained by it", "cost saved by it"] if left_out else []),
    ]
    yield f"| {' | '.join(head)} |"
    yield f"| --- | ---: | ---: |{' --- | --- |' if left_out else ''}"
    for name in [*(source for source in SOURCES if source in counts), *([ACROSS] if ACROSS in counts else [])]:
        cells = [name, str(counts[name]), f"{shares[name]:.1%}"]
        if left_out:
            cells.append(_gain_cells(difference(full, left_out[name])) if name in left_out else " | ")
        yield f"| {' | '.join(cells)} |"


def redundancy_lines(found: Redundancy, features: int) -> Iterator[str]:
    """What our set could do without."""
    yield f"{features} model features. Constant: {len(found.constant)}; groups of exact duplicates:"
    yield f"{len(found.duplicates)}; pairs with a rank correlation beyond {SAME_RANKS} among the first"
    yield f"{MOST_ROWS:,} clients: {len(found.alike)}."
    yield from (f"- constant: `{name}`" for name in found.constant)
    yield from (f"- equal: {', '.join(f'`{name}`' for name in group)}" for group in found.duplicates)
    yield from (f"- alike: `{one}`, `{other}` ({r:.5f})" for one, other, r in found.alike[:PAIRS_SHOWN])
    if len(found.alike) > PAIRS_SHOWN:
        yield f"- and {len(found.alike) - PAIRS_SHOWN} pairs more"


def report(pipeline: Pipeline, rows: Labels, *, leave_out: bool) -> Iterator[str]:
    """Train on every set and say what came out, as lines of Markdown."""
    read = families()
    models = {name: judged(name, frame_of(name, pipeline, rows), rows) for name in SETS}
    ours = frame_of(OURS, pipeline, rows)
    left_out = {}
    for source in SOURCES if leave_out else ():
        left_out[source] = judged(f"ours without {source}", without(ours, source, read), rows)
    features = FeatureSet.from_frame(ours)
    found = redundancy(features.encode_frame(ours), features.scored_names)
    yield f"{len(rows.target):,} labelled clients, {rows.target.mean():.2%} defaults; the same folds, parameters and"
    yield "clients for all sets; protected columns (gender, family status) left out of all of them, and with the kernel"
    yield "the applicants of unknown gender. Figures are out of fold; intervals are 95 %, of differences paired."
    yield from ("", CAVEAT, "", *set_table(models), "", *difference_table(models))
    yield from ("", *family_table(models[OURS], left_out, read), "", *redundancy_lines(found, len(features.scored)))


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.worth",
        description="Train on the application form alone, on the public kernel's columns and on ours, with the same "
        "folds and parameters; print AUC, cost and paired differences out of fold, the gain of each source, and "
        "redundant features, as Markdown.",
        epilog=CAVEAT,
    )
    parser.add_argument("--raw", type=Path, help="folder of the eight CSV files (CREDIT_RAW_DIR)")
    parser.add_argument("--clients", type=int, help="train on so many labelled clients, the same ones in every run")
    parser.add_argument("--leave-out", action="store_true", help="train ours without each source too: seven trainings")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute the sets, train, print the figures. Returns the exit code."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="worth-", dir=CACHE) as home:
            pipeline = Pipeline(options.raw or load_settings().raw_dir, Path(home), tell_step)
            print("Computing the sets from the CSV files: step, seconds, CPU seconds.", flush=True)
            pipeline.load()
            rows = labels(pipeline, options.clients)
            pipeline.compute()
            pipeline.join()
            lines = list(report(pipeline, rows, leave_out=options.leave_out))
    except CreditError as error:
        print(error, file=sys.stderr)
        return 1
    print("", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
