"""Labels: the rows that a model is trained on, from raw labels and from matured outcomes.

Here: putting the two together, row by row, and what is left out for which reason. Add a reason
here when a decision cannot teach. Keep out: reading either, weights, and the training.

A decision whose outcome is known is one more row, also of a client that application_train holds:
it is another loan, with the features of another day. Rows of one client share a fold, which is a
hash of SK_ID_CURR, so that no row is judged by a model that saw its client.

Outcomes exist for approved applicants alone. Nothing is weighted to make up for it: where
approval followed from the features, default given the features is the same among the approved,
and the refused part of the population is taught by the raw labels; where it did not (a person
overruled a refusal and knew more), the row is left out. Hand, Henley (1993), Can reject inference
ever work?, say why nothing that is computed from the approved alone does better.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from credit_risk.errors import PortfolioError

# What a decision brings beside its features.
KEYS = ("prediction_id", "SK_ID_CURR", "decided_on", "admitted", "target")

# Said beside every model that was trained on outcomes.
SELECTION = (
    "outcomes exist for approved applicants alone (and for refused ones drawn by lot); nothing is weighted to make "
    "up for it, and the refused part of the population is taught by the raw labels"
)

# How an applicant came to have an outcome.
APPROVED, AT_RANDOM, OVERRULED = "approved", "at random", "overruled"


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """What a model is trained on: labelled clients first, then decisions in the order of their days.

    Attributes:
        frame: SK_ID_CURR and features.
        target: 1 default, 0 repaid, in the order of the rows.
        n_raw: labelled clients.
        outcomes: the decisions among the rows: prediction_id, SK_ID_CURR, decided_on, target.
        left_out: decisions with an outcome that teach nothing here, counted by reason.
    """

    frame: pd.DataFrame = field(repr=False)
    target: pd.Series = field(repr=False)
    n_raw: int
    outcomes: pd.DataFrame = field(repr=False)
    left_out: Mapping[str, int]

    @property
    def n_outcomes(self) -> int:
        """Decisions among the rows."""
        return len(self.outcomes)

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the decisions among the rows, None without any."""
        if self.outcomes.empty:
            return None
        return self.outcomes["decided_on"].min(), self.outcomes["decided_on"].max()

    @property
    def n_known_clients(self) -> int:
        """Decisions on clients that the raw labels hold as well."""
        return int(self.outcomes["SK_ID_CURR"].isin(self.frame["SK_ID_CURR"].iloc[: self.n_raw]).sum())


def combine(clients: pd.DataFrame, target: pd.Series, decisions: Iterable[pd.DataFrame]) -> TrainingRows:
    """Raw labels and matured outcomes as one set of training rows.

    Left out, and counted: decisions whose stored features lack a feature of the present set
    (another feature set, or erased ones), decisions that hold text where the set has numbers,
    and refusals that a person overruled. What decisions store beyond the present set is ignored.

    Args:
        clients: SK_ID_CURR and the present features, one row a labelled client.
        target: in the order of the rows.
        decisions: frames of decisions of one feature set each, with the columns `KEYS` and one a
            stored feature; `decided_on` is a date, `admitted` how they came to have an outcome.

    Raises:
        PortfolioError: a decision twice, or targets other than 0 and 1; with counts.
    """
    left_out: Counter[str] = Counter()
    taken = [_conforming(frame, clients, left_out) for frame in decisions if len(frame)]
    taken = [frame for frame in taken if len(frame)]
    if not taken:
        return TrainingRows(clients, target, len(clients), _outcomes([]), dict(left_out))
    _check(taken)
    decided = pd.concat(taken, ignore_index=True).sort_values(["decided_on", "prediction_id"], ignore_index=True)
    rows = {name: _joined(clients[name], decided[name]) for name in clients.columns}
    return TrainingRows(
        frame=pd.DataFrame(rows),
        target=pd.Series(np.concatenate([target.to_numpy(), decided["target"].to_numpy()]), name=target.name),
        n_raw=len(clients),
        outcomes=_outcomes([decided]),
        left_out=dict(left_out),
    )


def n_new(rows: TrainingRows, before: pd.DataFrame | None) -> int:
    """Outcomes among the rows that an earlier training did not have, or had with another target.

    Args:
        rows: of this training.
        before: `outcomes` of the earlier one; None when it had none.
    """
    if before is None or before.empty:
        return rows.n_outcomes
    known = set(zip(before["prediction_id"].astype(str), before["target"].astype(int), strict=True))
    pairs = zip(rows.outcomes["prediction_id"].astype(str), rows.outcomes["target"].astype(int), strict=True)
    return sum(pair not in known for pair in pairs)


def answer_of(fresh: int, *, before: str | None, other_labels: bool, towards: Sequence[date]) -> str:
    """What a training goes by that the one before it had not, in one sentence; empty for a first, plain one.

    Args:
        fresh: outcomes that the training before had not (`n_new`).
        before: version of that training; None for the first one.
        other_labels: whether the raw labels are of another file than then.
        towards: days whose applicants the rows are weighted towards.
    """
    since = f" since version {before}" if before else ""
    said = [f"raw labels of another file{since}"] if other_labels else []
    if fresh:
        said.append(f"{fresh} new outcomes{since}")
    elif before and not other_labels:
        said.append(f"no new label{since}")
    if towards:
        said.append(f"rows weighted towards {', '.join(day.isoformat() for day in towards)}")
    return ", ".join(said)


def _conforming(frame: pd.DataFrame, clients: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """The rows of one feature set that can be trained on; the others are counted."""
    features = [name for name in clients.columns if name != "SK_ID_CURR"]
    overruled = ~frame["admitted"].isin((APPROVED, AT_RANDOM)).to_numpy()
    if overruled.any():
        left_out["refusals that a person overruled"] += int(overruled.sum())
        frame = frame[~overruled]
    absent = [name for name in features if name not in frame.columns]
    if absent:
        left_out[f"without {len(absent)} of {len(features)} features, {', '.join(sorted(absent)[:3])}"] += len(frame)
        return frame.iloc[:0]
    textual = np.zeros(len(frame), dtype=bool)
    for name in features:
        if pd.api.types.is_numeric_dtype(clients[name].dtype) and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            textual |= np.array([isinstance(value, str) for value in frame[name]], dtype=bool)
    if textual.any():
        left_out["with text where the model takes numbers"] += int(textual.sum())
        frame = frame[~textual]
    # Of the present kinds before they meet: an empty column would otherwise decide the kind of another.
    columns = {name: frame[name] for name in KEYS}
    for name in features:
        numeric = pd.api.types.is_numeric_dtype(clients[name].dtype)
        columns[name] = pd.to_numeric(frame[name]).astype(np.float64) if numeric else frame[name].astype(object)
    return pd.DataFrame(columns)


def _joined(raw: pd.Series, decided: pd.Series) -> pd.Series:
    """One column of both, of the raw one's kind: a number in 32 bits stays one."""
    if not pd.api.types.is_numeric_dtype(raw.dtype):
        words = [None if pd.isna(value) else value for value in decided]
        return pd.Series([*raw.astype(object), *words], dtype=object)
    numbers = decided.to_numpy(dtype=np.float64)
    kind = raw.dtype if isinstance(raw.dtype, np.dtype) else np.dtype(np.float64)
    if kind.kind != "f" and not np.isnan(numbers).any() and (numbers == np.trunc(numbers)).all():
        return pd.Series(np.concatenate([raw.to_numpy(), numbers.astype(np.int64)]))
    wanted = kind if kind.kind == "f" else np.dtype(np.float64)
    return pd.Series(np.concatenate([raw.to_numpy(dtype=wanted, na_value=np.nan), numbers.astype(wanted)]))


def _check(taken: list[pd.DataFrame]) -> None:
    ids = pd.concat([frame["prediction_id"] for frame in taken]).astype(str)
    labels = pd.concat([frame["target"] for frame in taken])
    problems = {
        "decisions found twice": int(ids.duplicated().sum()),
        "targets other than 0 and 1": int((~labels.isin((0, 1))).sum()),
    }
    found = [f"{count} {problem}" for problem, count in problems.items() if count]
    if found:
        raise PortfolioError(
            ", ".join(found),
            expected="one current outcome, 0 or 1, a decision",
            remedy="read the newest row of each decision from credit.outcomes",
        )


def _outcomes(decided: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["prediction_id", "SK_ID_CURR", "decided_on", "target"]
    return decided[0][columns].copy() if decided else pd.DataFrame(columns=columns)
