"""Drift: has the population moved since the reference, by which features, and is that an alert.

Here: the report of a window, and the sampling of large ones. Keep out: the rules
(`credit_risk.drift_rules`), the tests (`credit_risk.two_sample`), reading predictions, storing
reports, and what an alert starts (`credit_risk.retraining`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import pandas as pd

from credit_risk.drift_rules import (
    MIN_PREDICTIONS,
    NOT_IN_RULE,
    RULES,
    UNTESTABLE,
    DriftRule,
    JudgedTests,
    Status,
    Test,
    rule_named,
    window_status,
)
from credit_risk.errors import DriftError
from credit_risk.two_sample.frames import compare_frames
from credit_risk.two_sample.prepared import THREADS, PreparedReference

# What callers know by this module: the pieces of a report have one address.
__all__ = [
    "MIN_PREDICTIONS",
    "NOT_IN_RULE",
    "RULES",
    "SAMPLE_LIMIT",
    "UNTESTABLE",
    "DriftReport",
    "DriftRule",
    "PreparedReference",
    "RuleVerdict",
    "Status",
    "Test",
    "compute_drift_report",
    "sampled",
    "window_status",
]

# Of 100,000 rows a distribution function is known to 0.005 nineteen times of twenty (Dvoretzky,
# Kiefer and Wolfowitz): a twentieth of the size that matters. More rows take time and change no verdict.
SAMPLE_LIMIT = 100_000


@dataclass(frozen=True)
class RuleVerdict:
    """What one rule says of a window.

    Attributes:
        status: of the window.
        drift_percentage: share of the monitored features that drifted, 0 to 100.
        n_features_drifted: those that drifted.
    """

    status: Status
    drift_percentage: float
    n_features_drifted: int


@dataclass(frozen=True, eq=False)
class DriftReport:
    """What moved between the reference and a window.

    Attributes:
        details: one row a feature, largest size first, with the columns of `drift_details`
            (`feature`, `kind`, `ks_stat`, `size`, `p_value`, `q_value`, `drifted`) and more.
            A feature has two tests, of its values and of its missingness: `size`, `p_value` and
            `q_value` are those of the stronger one, which `test` names; `ks_stat` is always that
            of the values, and `missing_reference` and `missing_current` are the missing shares.
            `drifted_classic` and `drifted_corrected` are what those rules say, `drifted` is what
            the chosen one says. NaN is "there is none".
        status: of the window, by the chosen rule.
        drift_percentage: share of the monitored features that drifted, 0 to 100.
        n_predictions: rows of the window.
        n_features_analyzed: monitored features, testable or not.
        n_features_drifted: those that drifted.
        rule: name of the rule that judged.
        by_rule: the verdict of the chosen rule and of every one in `RULES`, by name.
        n_compared: rows that were compared; fewer than `n_predictions` where the window was sampled.
        absent_features: features that the window lacks as columns: compared as missing in every
            row where they were named, left out where all common columns were asked for.
        new_columns: columns of the window that the reference does not have: not compared.
    """

    details: pd.DataFrame
    status: Status
    drift_percentage: float
    n_predictions: int
    n_features_analyzed: int
    n_features_drifted: int
    rule: str
    by_rule: Mapping[str, RuleVerdict]
    n_compared: int
    absent_features: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()

    def records(self) -> list[dict[str, object]]:
        """The details as plain values, None for what there is not: ready for JSON."""
        return [
            {str(name): None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
            for row in self.details.to_dict("records")
        ]


def compute_drift_report(
    reference: pd.DataFrame | PreparedReference,
    current: pd.DataFrame,
    *,
    features: Sequence[str] | None = None,
    rule: str | DriftRule = "corrected",
    min_predictions: int = MIN_PREDICTIONS,
    n_predictions: int | None = None,
    threads: int = THREADS,
) -> DriftReport:
    """Compare a window of predictions with the reference of the model that made them.

    Args:
        reference: a sample of the population that the model was trained on, one row a client; or
            the same, prepared once for many windows (`PreparedReference.of`).
        current: the features of the window's predictions, one row a prediction; kinds of features
            follow the dtypes of both frames.
        features: the monitored features, fixed before the window was seen. One that the window
            lacks is missing in all its rows. None means all columns that both frames have, or all
            of the reference where the window has no rows.
        rule: a name in `RULES`, or a rule.
        min_predictions: a window with fewer is "insufficient", whatever its tests say.
        n_predictions: rows of the window before it was `sampled`; None means those of `current`.
        threads: how many columns are sorted and compared at once, where they are long.

    Returns:
        The report; a window without rows has one too.

    Raises:
        DriftError: an unknown rule; a reference without rows; features that the reference lacks or
            that a frame has twice, or no common column; columns that cannot be compared. Each
            names all offenders.
    """
    chosen = rule_named(rule)
    monitored = _monitored(reference, current, features)
    if not isinstance(reference, PreparedReference):
        reference = PreparedReference.of(reference, monitored, threads=threads)
    comparison = compare_frames(reference, current, monitored, threads=threads)
    judged = {name: JudgedTests(comparison, one) for name, one in {**RULES, chosen.name: chosen}.items()}
    details = judged[chosen.name].details()
    for name in RULES:
        details[f"drifted_{name}"] = judged[name].drifted
    n_rows = len(current) if n_predictions is None else n_predictions
    known, sent = dict.fromkeys(reference.columns), dict.fromkeys(current.columns)
    by_rule = {name: _verdict(by, n_rows, min_predictions) for name, by in judged.items()}
    verdict = by_rule[chosen.name]
    return DriftReport(
        details=details.sort_values(["size", "feature"], ascending=[False, True], ignore_index=True),
        status=verdict.status,
        drift_percentage=verdict.drift_percentage,
        n_predictions=n_rows,
        n_features_analyzed=len(monitored),
        n_features_drifted=verdict.n_features_drifted,
        rule=chosen.name,
        by_rule=by_rule,
        n_compared=len(current),
        absent_features=tuple(name for name in dict.fromkeys(features or known) if name not in sent),
        new_columns=tuple(name for name in sent if name not in known),
    )


def sampled(frame: pd.DataFrame, *, day_seed: int, limit: int = SAMPLE_LIMIT) -> tuple[pd.DataFrame, int]:
    """A window of at most so many rows, the same ones whenever it is asked for.

    Args:
        frame: the rows of a window, in an order that does not change (of `prediction_id`, say).
        day_seed: names the window, such as `date.toordinal()`; it decides which rows.
        limit: most rows to keep, at least 1.

    Returns:
        The frame itself, or a sample of its rows without replacement, in their order; and how
        many rows it had, for `n_predictions`.

    Raises:
        DriftError: a limit below 1.
    """
    if limit < 1:
        raise DriftError(f"a limit of {limit} rows", expected="at least 1", remedy="raise the limit of the sample")
    if len(frame) <= limit:
        return frame, len(frame)
    rows = np.sort(np.random.default_rng(day_seed).choice(len(frame), size=limit, replace=False))
    return frame.iloc[rows], len(frame)


def _verdict(judged: JudgedTests, n_predictions: int, min_predictions: int) -> RuleVerdict:
    n_drifted, n_monitored = int(judged.drifted.sum()), len(judged.drifted)
    return RuleVerdict(
        status=window_status(n_drifted, n_monitored, n_predictions, min_predictions=min_predictions),
        drift_percentage=100.0 * n_drifted / n_monitored,
        n_features_drifted=n_drifted,
    )


def _monitored(
    reference: pd.DataFrame | PreparedReference, current: pd.DataFrame, features: Sequence[str] | None
) -> list[str]:
    """Names of the features to compare, each once, all of them in the reference."""
    known = Counter(reference.features if isinstance(reference, PreparedReference) else reference.columns)
    sent = Counter(current.columns)
    common = list(known) if not len(current) else [name for name in known if name in sent]
    wanted = common if features is None else list(dict.fromkeys(features))
    if not wanted:
        raise DriftError(
            f"no feature to compare: {len(known)} columns in the reference, "
            f"{len(sent)} in the window, {len(common)} in both",
            expected="at least one",
            remedy="check that both frames hold the features of one model",
        )
    lacking = {
        "reference": [name for name in wanted if known[name] != 1],
        "window": [name for name in wanted if sent[name] > 1 or (name not in sent and name not in known)],
    }
    if any(lacking.values()):
        listed = "; ".join(f"{place}: {', '.join(names)}" for place, names in lacking.items() if names)
        raise DriftError(
            f"features that are not exactly one column ({listed})",
            expected="each monitored feature once in the reference, and at most once in the window",
            remedy="correct the names, or drop the features that the model does not have",
            fields=dict(lacking),
        )
    return wanted
