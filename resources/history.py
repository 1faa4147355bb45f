"""Decisions of an older system, brought in from a Parquet file.

Here: their way into `decisions` and `outcomes`. Keep out: what such a file must hold
(`history_file`), and decisions of our own service (`prediction_log`).
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from resources import schema
from resources.database import Connection, Database
from resources.history_file import HistoryError, HistoryFile
from resources.outcomes import wait_for_turn
from resources.prediction_log import DecisionRecord, ensure_feature_sets, insert_decisions

# One statement holds them as Python objects, as bytes and on the server: 5 kB each for 600 features.
ROWS_AT_ONCE = 1_000

# Outcomes wait here for the end of the import: whoever writes them holds every other writer back.
_WAITING = """
CREATE TEMPORARY TABLE waiting_outcomes (
    position bigint GENERATED ALWAYS AS IDENTITY, prediction_id uuid, target smallint, observed_at timestamptz
) ON COMMIT DROP
"""

# It becomes part of a model version, which stands in tables and reports.
VALID_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True)
class ImportSummary:
    """What an import found and did."""

    rows: int
    new_decisions: int
    new_outcomes: int
    first_day: date
    last_day: date


def import_history(database: Database, file: Path, name: str) -> ImportSummary:
    """Bring a file of decisions into the log: all of it or nothing, and each decision once.

    Args:
        database: with the platform's tables.
        file: Parquet with the columns of `predictions`; `created_at` with a time zone,
            `features` a struct, map or JSON text; `target` (0, 1 or null) is optional, as is
            everything that follows from the rest. A row without `prediction_id` gets one
            that the same decision of the same system always gets.
        name: of the older system; `model_version` becomes `import:<name>`, which says that
            these decisions cannot be replayed.

    Raises:
        HistoryError: the file is no Parquet file, lacks columns, or holds values that no
            decision can have; names all of them.
    """
    if not VALID_NAME.fullmatch(name):
        raise HistoryError(
            f"a name {name!r} of the older system",
            expected="up to 60 letters, digits, dots, dashes and underscores",
            remedy="name it with --name",
        )
    with HistoryFile(file, name) as history:
        # Committed first: the import itself may take minutes and must not hold locks on partitions.
        with database.connect() as connection:
            schema.ensure_partitions(connection, history.first_day, history.last_day)
        rows = new_decisions = 0
        with database.connect() as connection, database.connect(autocommit=True) as beside:
            connection.execute(_WAITING)
            for decisions in history.decisions():
                rows += len(decisions)
                # Committed at once: a service with the same feature set would wait for the whole import.
                ensure_feature_sets(beside, {record.feature_names for record, _ in decisions})
                for start in range(0, len(decisions), ROWS_AT_ONCE):
                    records = [record for record, _ in decisions[start : start + ROWS_AT_ONCE]]
                    new_decisions += insert_decisions(connection, records)
                _keep_outcomes(connection, decisions)
            new_outcomes = _insert_outcomes(connection)
    return ImportSummary(rows, new_decisions, new_outcomes, history.first_day, history.last_day)


def _keep_outcomes(connection: Connection, decisions: list[tuple[DecisionRecord, int | None]]) -> None:
    known = [(record, target) for record, target in decisions if target is not None]
    connection.execute(
        "INSERT INTO waiting_outcomes (prediction_id, target, observed_at)"
        " SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::timestamptz[])",
        [
            [record.prediction_id for record, _ in known],
            [target for _, target in known],
            # A file does not say when a default was known: the decision's own moment is the
            # same in every export, so that importing it again changes nothing.
            [record.created_at for record, _ in known],
        ],
    )


def _insert_outcomes(connection: Connection) -> int:
    wait_for_turn(connection)
    return connection.execute(
        "INSERT INTO credit.outcomes (prediction_id, target, observed_at, recorded_at)"
        " SELECT prediction_id, target, observed_at, clock_timestamp() FROM waiting_outcomes ORDER BY position"
        " ON CONFLICT DO NOTHING"
    ).rowcount
