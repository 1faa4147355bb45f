"""Made-up traffic: a population's features, moved by a known amount.

Here: the kinds of drift and the batches that demonstrations and tests send. Keep out: sending
them (`simulation.client`), and whether anyone notices (`credit_risk.drift`).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from credit_risk.errors import SettingsError

DriftKind = Literal["none", "gradual", "sudden", "feature_shift"]
KINDS: tuple[DriftKind, ...] = get_args(DriftKind)

# Names and labels of clients, not features: moving them would only break look-ups.
NOT_FEATURES = ("SK_ID_CURR", "TARGET")

# A feature shift touches one source of many, as when one supplier changes a unit: a tenth.
SHIFTED_SHARE = 0.1
SHIFT_FACTOR = 3.0


@dataclass(frozen=True)
class SeedBatch:
    """One batch of the reference scenario.

    Attributes:
        number: position in the scenario, from 1.
        kind: of the drift.
        intensity: in standard deviations of each feature.
    """

    number: int
    kind: DriftKind
    intensity: float


# The scenario that the platform is demonstrated with: quiet, a slow drift, a break.
SEED_BATCHES: tuple[SeedBatch, ...] = (
    SeedBatch(1, "none", 0.0),
    SeedBatch(2, "none", 0.0),
    SeedBatch(3, "none", 0.0),
    SeedBatch(4, "gradual", 0.1),
    SeedBatch(5, "gradual", 0.2),
    SeedBatch(6, "gradual", 0.3),
    SeedBatch(7, "sudden", 0.5),
    SeedBatch(8, "sudden", 0.7),
)


def simulate_drift(
    frame: pd.DataFrame,
    kind: DriftKind,
    intensity: float,
    rng: np.random.Generator,
    *,
    spread_of: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A copy of the frame with its numeric features moved.

    `none` changes nothing; `gradual` adds normal noise of `intensity` standard deviations;
    `sudden` adds `intensity` standard deviations to every value; `feature_shift` multiplies a
    random tenth of the numeric features (at least one) by 1 + 3 x `intensity`.

    Args:
        frame: one row an application. Categories, booleans, client keys and labels stay as they
            are, and missing values stay missing.
        kind: of the drift.
        intensity: at least 0; in standard deviations of each feature for `gradual` and `sudden`.
        rng: noise, and the choice of the shifted features.
        spread_of: the frame whose standard deviations are meant, because a batch of fifty is a poor
            measure of its population; the frame itself by default.

    Returns:
        A frame of the same shape, index and columns; moved integer columns become floats.

    Raises:
        SettingsError: an unknown kind, or an intensity that is negative or no number.
    """
    _check(kind, intensity)
    moved = frame.copy()
    numeric = _numeric_features(frame)
    if kind == "none" or not numeric:
        return moved
    values = frame[numeric].to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "feature_shift":
        n_shifted = max(1, round(len(numeric) * SHIFTED_SHARE))
        shifted = rng.choice(len(numeric), size=n_shifted, replace=False)
        values[:, shifted] *= 1.0 + SHIFT_FACTOR * intensity
        numeric, values = [numeric[index] for index in shifted], values[:, shifted]
    else:
        steps = intensity * _standard_deviations(frame if spread_of is None else spread_of, numeric)
        values += steps if kind == "sudden" else steps * rng.standard_normal(values.shape)
    for index, name in enumerate(numeric):
        column = pd.Series(values[:, index], index=frame.index)
        dtype = frame[name].dtype
        moved[name] = column.astype(dtype) if pd.api.types.is_float_dtype(dtype) else column
    return moved


def seed_batch(frame: pd.DataFrame, number: int, size: int, rng: np.random.Generator) -> pd.DataFrame:
    """One batch of `SEED_BATCHES`: applications drawn from a population, then moved.

    Args:
        frame: the population, one row an application; its standard deviations are the units.
        number: of the batch, from 1.
        size: applications to draw, without replacement as long as there are enough.
        rng: draws and moves.

    Raises:
        SettingsError: no such batch, a size below 1, or a population without rows.
    """
    batches = {batch.number: batch for batch in SEED_BATCHES}
    if number not in batches or size < 1 or frame.empty:
        raise SettingsError(
            f"batch {number} of {size} applications from a population of {len(frame)}",
            expected=f"a batch from {min(batches)} to {max(batches)}, at least 1 application and a population",
            remedy="correct the arguments of the traffic",
        )
    rows = rng.choice(len(frame), size=size, replace=size > len(frame))
    batch = batches[number]
    drawn = frame.iloc[rows].reset_index(drop=True)
    return simulate_drift(drawn, batch.kind, batch.intensity, rng, spread_of=frame)


def _check(kind: str, intensity: float) -> None:
    """Refuse what is no drift."""
    if kind not in KINDS or not np.isfinite(intensity) or intensity < 0:
        raise SettingsError(
            f"drift of kind {kind!r} and intensity {intensity}",
            expected=f"a kind among {', '.join(KINDS)} and an intensity of 0 or more",
            remedy="correct the arguments of the traffic",
            fields={"kind": kind, "intensity": intensity},
        )


def _numeric_features(frame: pd.DataFrame) -> list[str]:
    """Columns that can be moved: numbers, but no booleans, keys or labels."""
    return [name for name in frame.select_dtypes("number").columns if name not in NOT_FEATURES]


def _standard_deviations(frame: pd.DataFrame, features: list[str]) -> np.ndarray:
    """Of each feature; 0 where fewer than two values are known, so that nothing moves."""
    return frame[features].astype("float64").std().fillna(0.0).to_numpy(dtype=np.float64)
