"""Training parameters: how the booster grows, and what is sensible for a portfolio's size.

Here: the knobs and the reason of each default. Add one when tuning shows that it matters.
Keep out: the search for better ones, and training itself.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

# Below this many rows trees must be smaller than the data allow on paper: 8 % defaults leave
# a few hundred to a few thousand positives for hundreds of features.
SMALL_PORTFOLIO = 50_000


@dataclass(frozen=True)
class TrainingParameters:
    """How the booster grows; the defaults are for the full portfolio of 300,000 clients.

    Attributes:
        learning_rate: shrinkage of each tree.
        num_leaves: size of a tree.
        min_data_in_leaf: rows behind every score; keeps leaves from memorizing single defaults.
        feature_fraction: features tried for a tree. Hundreds of features repeat each other;
            a third makes trees differ and costs a third of the time.
        bagging_fraction: rows drawn for a tree.
        lambda_l2: shrinks leaves of few rows towards 0.
        cat_smooth: prior weight of a category's rate; 58 organization types have rare levels.
        cat_l2: shrinks the leaves of splits on categories.
        max_rounds: ceiling of early stopping.
        patience: rounds without a better mean log-loss before it stops.
        seed: of all draws.
        num_threads: 0 means all cores. The model does not depend on it.
    """

    learning_rate: float = 0.03
    num_leaves: int = 31
    min_data_in_leaf: int = 200
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.8
    lambda_l2: float = 10.0
    cat_smooth: float = 20.0
    cat_l2: float = 10.0
    max_rounds: int = 4000
    patience: int = 100
    seed: int = 1
    num_threads: int = 0

    @classmethod
    def for_size(cls, n_rows: int, *, seed: int = 1, num_threads: int | None = None) -> Self:
        """Parameters for a number of labelled clients, from a few hundred to the full portfolio.

        Args:
            n_rows: labelled clients.
            seed: of all draws.
            num_threads: None means what suits the size.
        """
        if n_rows >= SMALL_PORTFOLIO:
            return cls(seed=seed, num_threads=num_threads or 0)
        return cls(
            learning_rate=0.05,
            num_leaves=8,
            # 1/150 of the rows is 3 defaults at 8 %; 10 is the least that carries a rate at all.
            min_data_in_leaf=max(10, n_rows // 150),
            # On 6,000 clients weaker priors made the 58 organization types the most important
            # feature by chance.
            cat_smooth=50.0,
            cat_l2=50.0,
            max_rounds=1000,
            patience=50,
            seed=seed,
            # Threads wait for each other at every split: on 6,000 clients a second one saves 2 of
            # 4 seconds on an idle machine, and costs 20 where another process holds its core.
            num_threads=1 if num_threads is None else num_threads,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for the manifest and MLflow."""
        return dataclasses.asdict(self)

    def to_lightgbm(self) -> dict[str, Any]:
        """As LightGBM's options."""
        grown = {k: v for k, v in self.to_dict().items() if k not in ("max_rounds", "patience")}
        return {
            **grown,
            "objective": "binary",
            "metric": "binary_logloss",
            "bagging_freq": 1,
            # Both together make sums independent of threads and of timing tests at start.
            "deterministic": True,
            "force_row_wise": True,
            # Fatal errors only: LightGBM would print to the standard output of the service.
            "verbosity": -1,
        }
