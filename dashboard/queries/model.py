"""Questions about models: what they were trained on, and what their decisions came to."""

import pandas as pd

from dashboard.queries.ask import frame
from resources.database import Connection

_VINTAGES = """
SELECT report_date, model_version, n_decided, n_approved, n_refused, n_outcomes, n_defaults, maturity,
       auc_approved, auc_approved_low, auc_approved_high, auc_reference,
       cost_realised_approved, cost_realised_approved_low, cost_realised_approved_high,
       cost_estimated_approved, cost_reference_approved, default_rate_approved
FROM credit.performance_reports ORDER BY report_date DESC, model_version LIMIT %s
"""

_RANGES = """
SELECT feature_name, mean, std, median, q25, q75, n_samples FROM credit.training_reference
WHERE model_version = %s AND feature_name = ANY(%s)
"""


def vintages(connection: Connection, n: int) -> pd.DataFrame:
    """The newest performance reports, oldest first: a row a day of decision and model."""
    return frame(connection, _VINTAGES, [n]).iloc[::-1].reset_index(drop=True)


def reference(connection: Connection, version: str, features: list[str]) -> pd.DataFrame:
    """Statistics of features in a model's training, one row a feature."""
    return frame(connection, _RANGES, [version, features])
