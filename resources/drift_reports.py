"""The stored drift reports."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from credit_risk.errors import UnavailableError
from resources.database import Connection, Database
from resources.prediction_log import day_bounds

if TYPE_CHECKING:
    # For its type alone: a reader of reports does not pay for the statistics' libraries.
    from credit_risk.drift import DriftReport


_COLUMNS = """
    report_date, n_predictions, n_features_analyzed, n_features_drifted, drift_percentage,
    status, rule, model_version, created_at
"""
_SELECT = f"SELECT {_COLUMNS} FROM credit.drift_reports"  # noqa: S608  # columns named above
_SELECT_IN_FULL = f"""
    SELECT {_COLUMNS}, drift_details, by_rule, score, multivariate, n_sampled
    FROM credit.drift_reports WHERE report_date = %s
"""  # noqa: S608  # columns named above

# A window has one current row. Of two computations the one that read the log later knows more, whichever
# ends first: the other one's row is left out, and its day is not returned. Days are read many at a time,
# which blurs their moments by seconds: more predictions say the same, and clearer.
_STORE = """
    INSERT INTO credit.drift_reports (
        report_date, window_start, window_end, n_predictions, n_features_analyzed,
        n_features_drifted, drift_percentage, status, drift_details, rule, model_version,
        by_rule, score, multivariate, n_sampled, read_at, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s,
        %s::jsonb, %s::jsonb, %s::jsonb, %s, coalesce(%s, clock_timestamp()), clock_timestamp())
    ON CONFLICT (window_start, window_end) DO UPDATE SET
        n_predictions = EXCLUDED.n_predictions,
        n_features_analyzed = EXCLUDED.n_features_analyzed,
        n_features_drifted = EXCLUDED.n_features_drifted,
        drift_percentage = EXCLUDED.drift_percentage, status = EXCLUDED.status,
        drift_details = EXCLUDED.drift_details, rule = EXCLUDED.rule,
        model_version = EXCLUDED.model_version, by_rule = EXCLUDED.by_rule, score = EXCLUDED.score,
        multivariate = EXCLUDED.multivariate, n_sampled = EXCLUDED.n_sampled,
        read_at = EXCLUDED.read_at, created_at = EXCLUDED.created_at
    WHERE drift_reports.read_at IS NULL OR drift_reports.read_at <= EXCLUDED.read_at
        OR drift_reports.n_predictions < EXCLUDED.n_predictions
    RETURNING report_date
"""


@dataclass(frozen=True)
class StoredDriftReport:
    """One current row of `drift_reports`, without its details."""

    report_date: date
    n_predictions: int
    n_features_analyzed: int
    n_features_drifted: int
    drift_percentage: float
    status: str
    rule: str
    model_version: str
    created_at: datetime


@dataclass(frozen=True)
class DriftReportInFull:
    """One current row with all that it holds.

    Attributes:
        row: its figures.
        details: a mapping a feature, largest size first.
        by_rule: verdicts by name of the rule; None in rows of older versions.
        score: how far the score moved; None where it was not compared.
        multivariate: what a classifier told apart; None where it was not asked.
        n_sampled: rows compared, where the window was sampled.
    """

    row: StoredDriftReport
    details: list[dict[str, Any]]
    by_rule: dict[str, Any] | None
    score: dict[str, Any] | None
    multivariate: dict[str, Any] | None
    n_sampled: int | None


@dataclass(frozen=True)
class DayReport:
    """The report of a UTC day, ready to be stored.

    Attributes:
        day: of the window.
        report: its verdict, with the verdicts of the other rules.
        model_version: whose reference it was compared with.
        score: how far the score itself moved, as plain values; None without decisions of the model.
        multivariate: what a classifier told apart, as plain values; None where none was asked.
        read_at: when its computation began to read the log, by the database's clock; None is now.
    """

    day: date
    report: "DriftReport"
    model_version: str
    score: Mapping[str, object] | None = None
    multivariate: Mapping[str, object] | None = None
    read_at: datetime | None = None


class DriftReports:
    """Reads and writes the reports; a window has one current row."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def now(self) -> datetime:
        """The database's clock: what orders computations of several machines."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        if row is None:
            raise UnavailableError("no time from PostgreSQL", expected="its clock", remedy="look at the server's log")
        moment: datetime = row[0]
        return moment

    def store(self, report: DayReport) -> bool:
        """Write one day's report, unless a newer one is there. Returns whether it was written."""
        with self.storing([report]) as days:
            return bool(days)

    @contextmanager
    def storing(self, reports: Sequence[DayReport]) -> Iterator[frozenset[date]]:
        """Write the reports of several days; they are there for others when the block ends without an error.

        Another computation of one of these days waits for the end of the block, so that what the block
        tells others about a day is told in the order of the rows.

        Yields:
            The days whose reports are written: those without a report of a computation that read later.
        """
        with self.database.connect() as connection:
            # By day, because two computations that share days would otherwise wait for each other for ever.
            ordered = sorted(reports, key=lambda report: report.day)
            written = [_written(connection, report) for report in ordered]
            yield frozenset(day for day in written if day is not None)

    def between(self, first: date, last: date) -> list[StoredDriftReport]:
        """The reports of the days from `first` to `last`, oldest first."""
        query = f"{_SELECT} WHERE report_date BETWEEN %s AND %s ORDER BY report_date"
        with self.database.connect() as connection:
            return [StoredDriftReport(*row) for row in connection.execute(query, [first, last]).fetchall()]

    def newest_of(self, model_version: str) -> StoredDriftReport | None:
        """The report of the latest day that a model has one of, or None."""
        query = f"{_SELECT} WHERE model_version = %s ORDER BY report_date DESC LIMIT 1"
        with self.database.connect() as connection:
            row = connection.execute(query, [model_version]).fetchone()
        return StoredDriftReport(*row) if row else None

    def reported_counts(self, first: date, last: date) -> dict[date, int]:
        """How many predictions the report of each day knows."""
        return {report.report_date: report.n_predictions for report in self.between(first, last)}

    def written_since(self, first: date, last: date, moment: datetime) -> list[StoredDriftReport]:
        """The reports of the days from `first` to `last` that were written since a moment of `now`, oldest first."""
        query = f"{_SELECT} WHERE report_date BETWEEN %s AND %s AND created_at >= %s ORDER BY report_date"
        with self.database.connect() as connection:
            return [StoredDriftReport(*row) for row in connection.execute(query, [first, last, moment]).fetchall()]

    def in_full(self, day: date) -> DriftReportInFull | None:
        """All that is on record of a day, or None."""
        with self.database.connect() as connection:
            row = connection.execute(_SELECT_IN_FULL, [day]).fetchone()
        if row is None:
            return None
        n = len(fields(StoredDriftReport))
        return DriftReportInFull(StoredDriftReport(*row[:n]), *row[n:])

    def details(self, day: date) -> list[dict[str, Any]]:
        """The stored details of a day, largest size first; empty without a report."""
        report = self.in_full(day)
        return report.details if report else []


def _written(connection: Connection, day_report: DayReport) -> date | None:
    report, day = day_report.report, day_report.day
    row = connection.execute(
        _STORE,
        [
            day, *day_bounds(day), report.n_predictions, report.n_features_analyzed,
            report.n_features_drifted, report.drift_percentage, report.status,
            _json(report.records()), report.rule, day_report.model_version,
            _json({name: asdict(verdict) for name, verdict in report.by_rule.items()}),
            _json(day_report.score), _json(day_report.multivariate), _n_sampled(report), day_report.read_at,
        ],
    ).fetchone()  # fmt: skip
    return row[0] if row else None


def _n_sampled(report: "DriftReport") -> int | None:
    return report.n_compared if report.n_compared < report.n_predictions else None


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
