"""The training reference: what the model's world looked like, stored once a model version."""

import dagster as dg
import numpy as np

from credit_assets import owners
from credit_assets.model import CREDIT_MODEL, MODEL_VERSION
from credit_assets.training_rows import rows_of
from credit_risk.errors import ModelError
from credit_risk.reference import reference_sample, reference_statistics
from resources.dagster_resources import PlatformResource

TRAINING_REFERENCE = dg.AssetKey("training_reference")

# Drift compares windows of up to some thousand rows: a larger reference would not change a
# verdict, and every report reads it.
SAMPLE_ROWS = 5_000


@dg.asset(
    key=TRAINING_REFERENCE,
    group_name="reference",
    owners=[owners.RISK],
    kinds={"postgres", "parquet"},
    deps=[CREDIT_MODEL],
)
def training_reference(platform: PlatformResource) -> dg.MaterializeResult[None]:
    """Statistics of each numeric feature, and the sample that drift is compared with, of the newest candidate.

    Keyed by model version and never overwritten: a day keeps the reference of the model that decided it.
    """
    version = platform.registry.staging_version()
    if version is None:
        raise ModelError(
            "no candidate model", expected="one with the alias staging", remedy="materialize credit_model first"
        )
    manifest = platform.registry.manifest(version)
    frame = rows_of(platform, version, manifest.feature_version).frame
    features = [feature.name for feature in manifest.feature_set.accepted]
    # Seeded by the version: materializing twice gives the same sample.
    sample = reference_sample(frame, features, SAMPLE_ROWS, np.random.default_rng(int(version)))
    statistics = reference_statistics(frame[features])
    address = platform.training_reference.store(version, statistics, sample)
    return dg.MaterializeResult(
        metadata={
            MODEL_VERSION: version,
            "dagster/row_count": len(statistics),
            "n_samples": len(sample),
            "sample": dg.MetadataValue.path(address),
            "statistics": dg.MetadataValue.md(statistics.head(10).to_markdown(index=False)),
        }
    )
