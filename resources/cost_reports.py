"""The costs in the stored performance reports, as the policy of cost alarms takes them.

Keep out: everything else that a performance report says, and what follows from a cost
(`credit_risk.cost_alarm`).
"""

from credit_risk.business_cost import COST_FN
from credit_risk.cost_alarm import CostReport
from resources.database import Database

# The realised cost from the counts: a day with too few outcomes to show a figure of its own
# still counts among many.
_QUERY = """
SELECT report_date, model_version, n_decided, cost_estimated, n_outcomes,
       CASE WHEN n_outcomes > 0 THEN %s::double precision * n_defaults / n_outcomes END
FROM credit.performance_reports WHERE model_version = %s ORDER BY report_date
"""


def cost_reports(database: Database, model_version: str) -> list[CostReport]:
    """The days that a model has reports of, oldest first."""
    with database.connect() as connection:
        return [CostReport(*row) for row in connection.execute(_QUERY, [COST_FN, model_version]).fetchall()]
