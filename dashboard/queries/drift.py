"""Questions about drift: the reports, and how a day's features are spread."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from dashboard.queries.ask import frame
from resources.database import Connection
from resources.prediction_log import day_bounds

_HISTORY = """
SELECT report_date, n_predictions, n_features_analyzed, n_features_drifted, drift_percentage, status, model_version
FROM credit.drift_reports ORDER BY report_date DESC LIMIT %s
"""

_DETAILS = """
SELECT d.feature, d.kind, d.ks_stat, d.size, d.p_value, d.q_value, d.drifted
FROM credit.drift_reports r, jsonb_to_recordset(r.drift_details)
     AS d(feature text, kind text, ks_stat float8, size float8, p_value float8, q_value float8, drifted bool)
WHERE r.report_date = %s ORDER BY d.size DESC NULLS LAST, d.feature
"""

# One pass for all features: where each stands is looked up once a feature set.
_NUMBERS = """
WITH wanted AS MATERIALIZED (
    SELECT s.feature_set_id, f.name, array_position(s.numbers, f.name) AS place,
           ARRAY(SELECT e::float8 FROM jsonb_array_elements_text(f.edges) e) AS edges
    FROM credit.feature_sets s, jsonb_to_recordset(%(features)s::jsonb) AS f(name text, edges jsonb)
)
SELECT w.name AS feature, width_bucket(d.numbers[w.place], w.edges) AS bucket, count(*)::int AS n
FROM credit.decisions d JOIN wanted w USING (feature_set_id)
WHERE d.created_at >= %(start)s AND d.created_at < %(end)s
GROUP BY 1, 2
"""

_TEXTS = """
WITH wanted AS MATERIALIZED (
    SELECT s.feature_set_id, name, array_position(s.texts, name) AS place
    FROM credit.feature_sets s, unnest(%(names)s::text[]) AS name
)
SELECT w.name AS feature, d.texts[w.place] AS level, count(*)::int AS n
FROM credit.decisions d JOIN wanted w USING (feature_set_id)
WHERE d.created_at >= %(start)s AND d.created_at < %(end)s
GROUP BY 1, 2
"""


def history(connection: Connection, n: int) -> pd.DataFrame:
    """The newest reports, oldest first, without details."""
    return frame(connection, _HISTORY, [n]).iloc[::-1].reset_index(drop=True)


def details(connection: Connection, day: date) -> pd.DataFrame:
    """A day's features, largest size first: `feature`, `kind`, `ks_stat`, `size`, `p_value`, `q_value`, `drifted`."""
    return frame(connection, _DETAILS, [day])


def numbers_of(connection: Connection, day: date, edges: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """A day's numeric features counted between edges: `feature`, `bucket` (0 is below the first edge), `n`."""
    import orjson

    features = [{"name": name, "edges": list(bounds)} for name, bounds in edges.items()]
    return frame(connection, _NUMBERS, _day(day) | {"features": orjson.dumps(features).decode()})


def levels_of(connection: Connection, day: date, names: Sequence[str]) -> pd.DataFrame:
    """A day's categories counted by level: `feature`, `level` (None: missing), `n`."""
    return frame(connection, _TEXTS, _day(day) | {"names": list(names)})


def _day(day: date) -> dict[str, object]:
    start, end = day_bounds(day)
    return {"start": start, "end": end}
