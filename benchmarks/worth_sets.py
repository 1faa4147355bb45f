"""The feature sets whose worth is compared: the application form alone, the kernel's columns, ours.

Here: frames of the same clients in the same order, and which source each of our features comes from. Add a set
when another should be judged on the same folds. Keep out: training and figures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.features_pipeline import Pipeline
from credit_risk.errors import PortfolioError
from credit_risk.feature_set import PROTECTED_FEATURES
from credit_risk.features.across_sources import SPECIFICATIONS
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.features.grammar import Summary
from credit_risk.features.terms import Term

CLIENT, LABEL = "SK_ID_CURR", "TARGET"
APPLICATION, KERNEL, OURS = "application", "kernel", "ours"
ACROSS = "across sources"


@dataclass(frozen=True)
class Labels:
    """The labelled clients that every set is trained on: keys, and 1 for a default."""

    clients: np.ndarray
    target: np.ndarray

    def rows_of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The clients' rows, in their order."""
        return frame.set_index(CLIENT).loc[self.clients].reset_index()


def labels(pipeline: Pipeline, clients: int | None) -> Labels:
    """The labelled clients that all sets know, or so many of them, the same ones in every run.

    The kernel leaves out applicants of unknown gender (XNA): so do all sets.

    Raises:
        PortfolioError: fewer labelled clients than asked for.
    """
    applications = pipeline.lake.read_frame("raw/application_train.parquet", [CLIENT, LABEL, "CODE_GENDER"])
    known = applications[applications["CODE_GENDER"] != "XNA"]
    if clients is not None:
        if len(known) < clients:
            raise PortfolioError(
                f"{len(known)} labelled clients", expected=f"at least {clients}", remedy="ask for fewer with --clients"
            )
        # Another hash than that of the folds: these stay of equal size.
        order = np.argsort(pd.util.hash_array(known[CLIENT].to_numpy()), kind="stable")
        known = known.iloc[np.sort(order[:clients])]
    return Labels(known[CLIENT].to_numpy(), known[LABEL].to_numpy(dtype=np.int64))


def frame_of(name: str, pipeline: Pipeline, rows: Labels) -> pd.DataFrame:
    """One set of the labelled clients, its protected columns left out."""
    if name == APPLICATION:
        frame = pipeline.lake.read_frame("raw/application_train.parquet")
    elif name == KERNEL:
        frame = pipeline.kernel().to_pandas()
        frame.columns = [re.sub(r"[^A-Za-z0-9_]", "_", column) for column in frame.columns]
        numbers = [column for column in frame.columns if column != CLIENT]
        # A division by zero is infinite in the kernel; our training takes no infinity.
        frame[numbers] = frame[numbers].replace([np.inf, -np.inf], np.nan)
    else:
        frame = pipeline.lake.read_frame(pipeline.client_features_file)
    left_out = [column for column in frame.columns if column == LABEL or column.startswith(PROTECTED_FEATURES)]
    return rows.rows_of(frame.drop(columns=left_out))


def families() -> dict[str, frozenset[str]]:
    """The sources that each of our features is computed from, by feature."""
    own = {term.name: frozenset([table.name]) for table in FEATURE_TABLES for term in table.specifications}
    return own | {term.name: _sources(term) for term in SPECIFICATIONS}


def family_of(name: str, read: Mapping[str, frozenset[str]]) -> str:
    """The one source of a feature, or that it needs several."""
    sources = read[name]
    return next(iter(sources)) if len(sources) == 1 else ACROSS


def _sources(term: Term) -> frozenset[str]:
    """Source modules are called as their raw table, in small letters."""
    if isinstance(term, Summary):
        return frozenset([term.source.table.lower()])
    if not term.parts:
        return frozenset([APPLICATION])
    return frozenset().union(*(_sources(part) for part in term.parts))
