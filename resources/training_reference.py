"""The training reference: statistics in PostgreSQL, the sample in the lake. Never overwritten."""

import pandas as pd

from credit_risk.errors import ModelError
from resources.database import Database
from resources.lake import Lake

_STATISTICS = ["mean", "std", "median", "q25", "q75", "n_samples"]


class TrainingReference:
    """What a model was trained on, by model version."""

    def __init__(self, database: Database, lake: Lake) -> None:
        self.database = database
        self.lake = lake

    def store(self, model_version: str, statistics: pd.DataFrame, sample: pd.DataFrame) -> str:
        """Store the statistics (a row a numeric feature) and the sample; what is there stays as it is.

        Returns the sample's address.
        """
        name = sample_name(model_version)
        if not self.lake.exists(name):
            self.lake.write_frame(name, sample)
        columns = ["feature_name", *_STATISTICS]
        rows = [
            [model_version, *(None if pd.isna(value) else value for value in row)]
            for row in statistics[columns].astype(object).itertuples(index=False, name=None)
        ]
        with self.database.connect() as connection, connection.cursor() as cursor:
            # Two stores at once leave one's rows: none are added to those of another sample.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('credit.training_reference'))")
            stored = "SELECT 1 FROM credit.training_reference WHERE model_version = %s LIMIT 1"
            if cursor.execute(stored, [model_version]).fetchone():
                return self.lake.uri(name)
            cursor.executemany(
                "INSERT INTO credit.training_reference"
                " (model_version, feature_name, mean, std, median, q25, q75, n_samples)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
        return self.lake.uri(name)

    def sample(self, model_version: str) -> pd.DataFrame:
        """The sample that drift of this model is compared with.

        Raises:
            ModelError: there is none.
        """
        try:
            return self.lake.read_frame(sample_name(model_version))
        except FileNotFoundError:
            raise ModelError(
                f"no training reference of model {model_version}",
                expected=f"{sample_name(model_version)} in the lake",
                remedy="materialize training_reference",
            ) from None


def sample_name(model_version: str) -> str:
    """Name of the sample in the lake."""
    return f"reference/{model_version}.parquet"
