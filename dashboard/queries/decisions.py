"""Questions about stored decisions: how many, how they scored, and who was approved."""

from datetime import date, datetime

import pandas as pd

from dashboard.queries.ask import frame
from resources.database import Connection
from resources.prediction_log import day_bounds

# Half a percentage point: finer than any threshold is moved by hand.
BUCKETS = 200
# Segments by name; the rest is told as "all others".
MOST_SEGMENTS = 12

# What people ask acceptance by. Categories stand in a decision's texts, numbers are cut into bands.
CATEGORIES = {
    "income": "NAME_INCOME_TYPE",
    "education": "NAME_EDUCATION_TYPE",
    "contract": "NAME_CONTRACT_TYPE",
    "housing": "NAME_HOUSING_TYPE",
    "occupation": "OCCUPATION_TYPE",
    "employer": "ORGANIZATION_TYPE",
    "gender": "CODE_GENDER",
}
BANDS = {
    # Days before the application, oldest first.
    "age": ("DAYS_BIRTH", (-21915.0, -18262.5, -14610.0, -10957.5),
            ("60 and over", "50 to 59", "40 to 49", "30 to 39", "under 30")),
    "loan": ("AMT_CREDIT", (250_000.0, 500_000.0, 750_000.0, 1_000_000.0),
             ("below 250,000", "250,000 to 500,000", "500,000 to 750,000", "750,000 to 1,000,000", "above 1,000,000")),
}  # fmt: skip
SEGMENTS = (*BANDS, *CATEGORIES)
UNKNOWN = "not known"

_SPAN = (
    "created_at >= %(start)s AND created_at < %(end)s AND (%(version)s::text IS NULL OR model_version = %(version)s)"
)

_EXTENT = """
SELECT (SELECT created_at FROM credit.decisions ORDER BY created_at LIMIT 1) AS first,
       (SELECT created_at FROM credit.decisions ORDER BY created_at DESC LIMIT 1) AS last
"""

# One pass over the decisions of the span for all pictures of scores.
_SCORES = f"""
SELECT (created_at AT TIME ZONE 'UTC')::date AS day, model_version, decision,
       least(width_bucket(probability, 0, 1, {BUCKETS}), {BUCKETS})::int - 1 AS bucket,
       max(threshold)::float8 AS threshold, count(*)::int AS n
FROM credit.decisions WHERE {_SPAN} GROUP BY 1, 2, 3, 4
"""  # noqa: S608  # constants of this module

# Where a feature stands is looked up once a feature set, not once a decision.
_BY_CATEGORY = f"""
WITH places AS MATERIALIZED (
    SELECT feature_set_id, array_position(texts, %(feature)s) AS place FROM credit.feature_sets
)
SELECT coalesce(d.texts[s.place], %(unknown)s) AS segment,
       count(*)::int AS n, count(*) FILTER (WHERE d.decision = 'APPROVED')::int AS n_approved,
       avg(d.probability)::float8 AS probability
FROM credit.decisions d JOIN places s USING (feature_set_id) WHERE {_SPAN}
GROUP BY 1 ORDER BY n DESC, segment
"""  # noqa: S608  # constants of this module

_BY_BAND = f"""
WITH places AS MATERIALIZED (
    SELECT feature_set_id, array_position(numbers, %(feature)s) AS place FROM credit.feature_sets
)
SELECT width_bucket(d.numbers[s.place], %(edges)s::float8[]) AS band,
       count(*)::int AS n, count(*) FILTER (WHERE d.decision = 'APPROVED')::int AS n_approved,
       avg(d.probability)::float8 AS probability
FROM credit.decisions d JOIN places s USING (feature_set_id) WHERE {_SPAN}
GROUP BY 1 ORDER BY 1
"""  # noqa: S608  # constants of this module


def extent(connection: Connection) -> tuple[date, date] | None:
    """The first and the last day with decisions, or None."""
    row = connection.execute(_EXTENT).fetchone()
    return None if row is None or row[0] is None else (_day(row[0]), _day(row[1]))


def scores(connection: Connection, first: date, last: date) -> pd.DataFrame:
    """Decisions of the days counted by day, model, decision and bucket of the probability.

    Returns:
        `day`, `model_version`, `decision`, `bucket` (0 to `BUCKETS` - 1), `threshold`, `n`.
    """
    return frame(connection, _SCORES, _span(first, last, None))


def by_segment(
    connection: Connection, segment: str, first: date, last: date, version: str | None = None
) -> pd.DataFrame:
    """Acceptance by a name of `SEGMENTS`: `segment`, `n`, `n_approved`, mean `probability`."""
    span = _span(first, last, version)
    if segment in BANDS:
        feature, edges, names = BANDS[segment]
        found = frame(connection, _BY_BAND, span | {"feature": feature, "edges": list(edges)})
        labels = [UNKNOWN if pd.isna(band) else names[int(band)] for band in found.pop("band")]
        return found.assign(segment=labels)[["segment", "n", "n_approved", "probability"]]
    found = frame(connection, _BY_CATEGORY, span | {"feature": CATEGORIES[segment], "unknown": UNKNOWN})
    return _with_rest(found)


def _with_rest(found: pd.DataFrame) -> pd.DataFrame:
    if len(found) <= MOST_SEGMENTS:
        return found
    rest = found.iloc[MOST_SEGMENTS - 1 :]
    n = int(rest["n"].sum())
    mean = float((rest["probability"] * rest["n"]).sum() / n)
    row = {"segment": "all others", "n": n, "n_approved": int(rest["n_approved"].sum()), "probability": mean}
    return pd.concat([found.iloc[: MOST_SEGMENTS - 1], pd.DataFrame([row])], ignore_index=True)


def _span(first: date, last: date, version: str | None) -> dict[str, object]:
    return {"start": day_bounds(first)[0], "end": day_bounds(last)[1], "version": version}


def _day(moment: datetime) -> date:
    return moment.date()
