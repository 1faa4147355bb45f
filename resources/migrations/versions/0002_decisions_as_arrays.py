"""Decisions as arrays: names once a feature set, values by place. `predictions` becomes a view of them.

The rows of the table that was `predictions` move along. Their numbers become double precision,
which is what the model read of them; features that were stored as null are left out.
"""

import hashlib
import json
from collections.abc import Sequence

from alembic import op
from sqlalchemy import text

from credit_risk.errors import SettingsError

revision = "0002"
down_revision = "0001"

# A decision whose feature set is gone cannot be read any more. A foreign key would say so as
# well, and would lock the set's row for every decision.
FEATURE_SETS = """
CREATE TABLE credit.feature_sets (
    feature_set_id text PRIMARY KEY,
    numbers        text[] NOT NULL,
    texts          text[] NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.feature_sets
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
COMMENT ON TABLE credit.feature_sets IS
    'Names of the features that a model accepts, in the order of a decision''s arrays. Append-only.';
"""

DECISIONS = """
CREATE TABLE credit.decisions (
    prediction_id      uuid NOT NULL,
    created_at         timestamptz NOT NULL,
    sk_id_curr         bigint NOT NULL,
    probability        double precision NOT NULL CHECK (probability BETWEEN 0 AND 1),
    prediction         smallint NOT NULL CHECK (prediction IN (0, 1)),
    decision           text NOT NULL CHECK (decision IN ('APPROVED', 'REFUSED')),
    threshold          double precision NOT NULL,
    model_version      text NOT NULL,
    inference_time_ms  double precision,
    n_features_missing integer,
    feature_set_id     text NOT NULL,
    numbers            double precision[] NOT NULL,
    texts              text[] NOT NULL,
    reasons            jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (prediction_id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX decisions_created_at ON credit.decisions (created_at);
COMMENT ON TABLE credit.decisions IS
    'One row a scored application, durable before the client hears the answer; values in the order of their '
    'feature set, NULL where missing. Read `credit.predictions` for names. Monthly partitions.';
"""

# The form in which decisions are sent. A type of its own: the table may get columns while
# services of an older release still write. Never altered; a later form is another type.
SENT_DECISION = """
CREATE TYPE credit.sent_decision AS (
    prediction_id      uuid,
    created_at         timestamptz,
    sk_id_curr         bigint,
    probability        double precision,
    prediction         smallint,
    decision           text,
    threshold          double precision,
    model_version      text,
    inference_time_ms  double precision,
    n_features_missing integer,
    feature_set_id     text,
    numbers            double precision[],
    texts              text[],
    reasons            jsonb
);
"""

# The features are a subquery, not a join: a query that does not ask for them does not pay for them.
PREDICTIONS = """
CREATE VIEW credit.predictions AS
SELECT d.prediction_id, d.sk_id_curr, d.probability, d.prediction, d.decision, d.threshold, d.model_version,
       d.inference_time_ms,
       (SELECT (SELECT COALESCE(jsonb_object_agg(f.name, f.value), '{}')
                FROM (SELECT n.name, to_jsonb(n.value) FROM unnest(s.numbers, d.numbers) AS n(name, value)
                      WHERE n.value IS NOT NULL
                      UNION ALL
                      SELECT t.name, to_jsonb(t.value) FROM unnest(s.texts, d.texts) AS t(name, value)
                      WHERE t.value IS NOT NULL) AS f(name, value))
        FROM credit.feature_sets AS s WHERE s.feature_set_id = d.feature_set_id) AS features,
       d.reasons, d.created_at, d.n_features_missing
FROM credit.decisions AS d;
COMMENT ON VIEW credit.predictions IS
    'Decisions with their features by name, missing ones left out. Written through `credit.decisions`.';
"""

# As `resources.schema` makes them: the arrays stay in the row (see there).
MAKE_PARTITION = """
CREATE TABLE credit.{name} (LIKE credit.decisions INCLUDING ALL) WITH (toast_tuple_target = 8160);
ALTER TABLE credit.decisions ATTACH PARTITION credit.{name} {bound};
"""

PARTITIONS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'credit.predictions'::regclass ORDER BY 1
"""

NAMES = """
SELECT p.model_version, e.key, jsonb_typeof(e.value) FROM credit.predictions p
LEFT JOIN LATERAL jsonb_each(p.features) e ON jsonb_typeof(e.value) <> 'null'
GROUP BY 1, 2, 3
"""

STORE_NAMES = """
INSERT INTO credit.feature_sets VALUES (:id, :numbers, :texts) ON CONFLICT DO NOTHING
"""

MOVE = """
INSERT INTO credit.decisions
SELECT p.prediction_id, p.created_at, p.sk_id_curr, p.probability, p.prediction, p.decision, p.threshold,
       p.model_version, p.inference_time_ms, p.n_features_missing, s.feature_set_id,
       ARRAY(SELECT e.value::float8 FROM unnest(s.numbers) WITH ORDINALITY AS n(name, place)
             LEFT JOIN jsonb_each(p.features) e ON e.key = n.name AND jsonb_typeof(e.value) = 'number'
             ORDER BY n.place),
       ARRAY(SELECT e.value #>> '{}' FROM unnest(s.texts) WITH ORDINALITY AS t(name, place)
             LEFT JOIN jsonb_each(p.features) e ON e.key = t.name AND jsonb_typeof(e.value) = 'string'
             ORDER BY t.place),
       p.reasons
FROM credit.predictions p, credit.feature_sets s
WHERE p.model_version = :model_version AND s.feature_set_id = :id
"""

KINDS = {"number", "string"}


def upgrade() -> None:
    """Make the tables, move what is there, and put the view in its place."""
    for statement in (FEATURE_SETS, DECISIONS, SENT_DECISION):
        op.execute(statement)
    # A service that still writes would otherwise add rows behind the move's back; it keeps them in its journal.
    op.execute("LOCK TABLE credit.predictions IN ACCESS EXCLUSIVE MODE")
    for name, bound in op.get_bind().execute(text(PARTITIONS)).all():
        op.execute(MAKE_PARTITION.format(name=name.replace("predictions", "decisions", 1), bound=bound))
    _move()
    op.execute("DROP TABLE credit.predictions")
    op.execute(PREDICTIONS)


def downgrade() -> None:
    """Refused: the table before it cannot hold what the service writes since."""
    raise NotImplementedError("decisions are not moved back; restore a backup instead")


def _move() -> None:
    connection = op.get_bind()
    found = connection.execute(text(NAMES)).all()
    _refuse_other_kinds([(name, kind) for _, name, kind in found if name is not None])
    moved = 0
    for version in sorted({version for version, _, _ in found}):
        names = {kind: sorted(n for v, n, k in found if v == version and k == kind) for kind in KINDS}
        lists = [names["number"], names["string"]]
        # The id that the service would give the same names.
        compact = json.dumps(lists, separators=(",", ":"), ensure_ascii=False).encode()
        feature_set = hashlib.sha256(compact).hexdigest()[:16]
        connection.execute(text(STORE_NAMES), {"id": feature_set, "numbers": lists[0], "texts": lists[1]})
        moved += connection.execute(text(MOVE), {"model_version": version, "id": feature_set}).rowcount
    stored = connection.execute(text("SELECT count(*) FROM credit.predictions")).scalar_one()
    if moved != stored:
        raise SettingsError(
            f"{stored} decisions, of which {moved} could be moved",
            expected="all of them",
            remedy="nothing was changed; report this with the server's version",
        )


def _refuse_other_kinds(found: Sequence[tuple[str, str]]) -> None:
    others = sorted({f"{name} ({kind})" for name, kind in found if kind not in KINDS})
    if others:
        raise SettingsError(
            f"stored decisions with features that are neither numbers nor text: {', '.join(others)}",
            expected="numbers and text, as service and import store them",
            remedy="correct these rows of credit.predictions; nothing was changed",
        )
