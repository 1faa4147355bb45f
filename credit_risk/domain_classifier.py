"""Telling reference from window by all features together: what no single feature shows.

Here: a classifier that is asked which sample a row is from, and whether it does better than
chance. It sees broken dependence between features that each look as ever. Keep out: single
features (`credit_risk.drift`), and weights for retraining (`credit_risk.live_weights`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.domain_design import Design, design_of
from credit_risk.errors import DriftError
from credit_risk.two_sample.kinds import Kind, agreed_kinds, kinds_of

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

# With 5,000 rows of each sample an AUC is known to 0.006: more rows cost time and tell little more.
MOST_ROWS = 5_000
PARTS = 5
# Fewer leave a part with a single row of a sample, and nothing to tell apart.
LEAST_ROWS = 2 * PARTS
# Strength of the ridge, as a share of the variance of a column. Measured (docs/decisions):
# 0.1 to 0.3 see about the same, 1 and more see less.
RIDGE = 0.1
# The smallest p-value is 1 / (permutations + 1): 0.005.
PERMUTATIONS = 199
# As many as a person looks at.
STRONGEST = 5


@dataclass(frozen=True)
class Separation:
    """How well a classifier tells reference from window.

    Attributes:
        auc: of rows that the classifier did not see, mean over the parts of the cross-validation;
            0.5 means that nobody can tell.
        null_low: 2.5 % quantile of the AUC when rows are assigned to the samples at random.
        null_high: 97.5 % quantile of the same.
        p_value: share of random assignments that are told apart as well; one-sided.
        n_reference: rows of the reference that were used.
        n_window: rows of the window that were used.
        strongest: features that tell most, first the one that tells more than the others; none
            where the AUC is within what chance gives.
    """

    auc: float
    null_low: float
    null_high: float
    p_value: float
    n_reference: int
    n_window: int
    strongest: tuple[str, ...]


def tell_apart(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    features: Sequence[str],
    rng: np.random.Generator,
    most_rows: int = MOST_ROWS,
    permutations: int = PERMUTATIONS,
) -> Separation:
    """Whether, and how well, window and reference can be told apart by their features together.

    The classifier is a ridge discriminant on normal scores of ranks, their squares, missing flags,
    levels, and products of pairs of the first thirty features. It is cross-fitted in five parts.
    Its solution is linear in the labels, so that it is fitted to every random assignment of the
    rows as well, at the price of one matrix product: the null distribution is that of the whole
    procedure, not of a fixed score.

    Args:
        reference: a sample of the population that the model was trained on, one row a client.
        current: the features of the window's predictions; one that it lacks is missing in all rows.
        features: what to tell apart by, the most important ones first.
        rng: draws the rows, the parts and the random assignments.
        most_rows: rows used of each sample, at most.
        permutations: random assignments.

    Raises:
        DriftError: fewer than ten rows in a sample, features that the reference lacks, or columns
            that cannot be compared; each names all offenders.

    Source: Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests; Friedman (2003), On
    multivariate goodness-of-fit and two-sample testing.
    """
    kinds = _compared(reference, current, features)
    one, other = (_drawn(frame, most_rows, rng) for frame in (reference, current))
    both = pd.concat([_conformed(frame, kinds) for frame in (one, other)], ignore_index=True)
    # In random order: where scores are equal, their order must not say which sample they are from.
    order = rng.permutation(len(both))
    is_window = (order >= len(one)).astype(np.float32)
    design = design_of(both.iloc[order], kinds)
    parts = _parts(is_window, rng)
    labels = _assignments(is_window, parts, permutations, rng)
    auc, coefficients = _cross_fitted_auc(design.columns, labels, parts)
    observed, null = float(auc[0]), auc[1:]
    low, high = np.quantile(null, [0.025, 0.975]).tolist()
    return Separation(
        auc=observed,
        null_low=low,
        null_high=high,
        p_value=float((1 + np.sum(null >= observed)) / (permutations + 1)),
        n_reference=len(one),
        n_window=len(other),
        strongest=_strongest(design, coefficients, is_window, list(kinds)) if observed > high else (),
    )


def _compared(reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[str]) -> dict[str, Kind]:
    """The kinds of the features, once each."""
    wanted = list(dict.fromkeys(features))
    lacking = [name for name in wanted if name not in reference.columns]
    if lacking or not wanted or min(len(reference), len(current)) < LEAST_ROWS:
        raise DriftError(
            f"{len(reference)} reference rows, {len(current)} window rows, {len(wanted)} features, "
            f"{len(lacking)} of them not in the reference ({', '.join(lacking) or 'none'})",
            expected=f"at least {LEAST_ROWS} rows of both, and features that the reference has",
            remedy="widen the window, or correct the names",
            fields={"lacking": lacking},
        )
    return agreed_kinds(kinds_of(reference, wanted), kinds_of(current, wanted))


def _drawn(frame: pd.DataFrame, most: int, rng: np.random.Generator) -> pd.DataFrame:
    return frame if len(frame) <= most else frame.iloc[rng.choice(len(frame), size=most, replace=False)]


def _conformed(frame: pd.DataFrame, kinds: dict[str, Kind]) -> pd.DataFrame:
    """The features alone, numbers as doubles and categories as objects, whatever their storage."""
    absent = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    columns = {}
    for name, kind in kinds.items():
        column = frame[name] if name in frame.columns else absent
        columns[name] = (
            column.to_numpy(dtype=np.float64, na_value=np.nan) if kind == "numeric" else column.to_numpy(dtype=object)
        )
    return pd.DataFrame(columns)


def _parts(is_window: Singles, rng: np.random.Generator) -> Integers:
    """The part of each row; every part holds its share of both samples."""
    parts = np.empty(len(is_window), dtype=np.int64)
    for sample in (0, 1):
        rows = rng.permutation(np.flatnonzero(is_window == sample))
        parts[rows] = np.arange(len(rows)) % PARTS
    return parts


def _assignments(is_window: Singles, parts: Integers, permutations: int, rng: np.random.Generator) -> Singles:
    """The true labels first, then random ones that keep the counts of each part; shape (rows, 1 + permutations)."""
    labels = np.repeat(is_window[:, None], 1 + permutations, axis=1)
    for part in range(PARTS):
        rows = parts == part
        labels[rows, 1:] = rng.permuted(labels[rows, 1:], axis=0)
    return labels


def _cross_fitted_auc(columns: Singles, labels: Singles, parts: Integers) -> tuple[Floats, Singles]:
    """AUC of each assignment of labels, mean over the parts; and the coefficients of the true labels on all rows."""
    held = [columns[parts == part] for part in range(PARTS)]
    sent = [labels[parts == part] for part in range(PARTS)]
    # Columns have mean 0 over all rows, and labels have one mean in all parts: no intercept is needed.
    means = labels.mean(axis=0)
    grams = [rows.T @ rows for rows in held]
    moments = [rows.T @ (label - means) for rows, label in zip(held, sent, strict=True)]
    gram, moment = np.sum(grams, axis=0), np.sum(moments, axis=0)
    auc = np.zeros(labels.shape[1])
    for part in range(PARTS):
        n_seen = len(columns) - len(held[part])
        coefficients = _ridge(gram - grams[part], moment - moments[part], n_seen)
        auc += _auc_by_column(held[part] @ coefficients, sent[part])
    return auc / PARTS, _ridge(gram, moment[:, :1], len(columns))[:, 0]


def _ridge(gram: Singles, moments: Singles, n_rows: int) -> Singles:
    penalized = gram.copy()
    penalized[np.diag_indices_from(penalized)] += RIDGE * n_rows
    # NumPy's: SciPy's takes the right-hand sides one by one, forty times as long for 200 of them.
    return np.asarray(np.linalg.solve(penalized, moments))


def _auc_by_column(scores: Singles, labels: Singles) -> Floats:
    """Area under the ROC curve of each column of scores, by the ranks of the window's rows."""
    order = np.argsort(scores.T, axis=1)
    ascending = np.take_along_axis(np.ascontiguousarray(labels.T), order, axis=1)
    n_window = labels.sum(axis=0, dtype=np.float64)
    rank_sum = ascending @ np.arange(1.0, len(labels) + 1.0)
    area: Floats = (rank_sum - n_window * (n_window + 1.0) / 2.0) / (n_window * (len(labels) - n_window))
    return area


def _strongest(design: Design, coefficients: Singles, is_window: Singles, names: list[str]) -> tuple[str, ...]:
    """Features by what their columns add to the distance of the two mean scores; a pair's is halved."""
    distance = design.columns[is_window == 1].mean(axis=0) - design.columns[is_window == 0].mean(axis=0)
    told = np.zeros(len(names))
    np.add.at(told, design.owners, (coefficients * distance)[:, None] / 2.0)
    order = np.argsort(-told, kind="stable")[:STRONGEST]
    return tuple(names[place] for place in order.tolist() if told[place] > 0.0)
