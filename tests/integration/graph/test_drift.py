"""Drift reports: six days in one run, each with its own record, row, figures and check."""

from datetime import timedelta

import dagster as dg
import numpy as np
import pytest

from credit_assets.drift import (
    ALL_DRIFTED,
    CHECK,
    DRIFT_REPORT,
    DRIFTED,
    MODEL_VERSION,
    N_PREDICTIONS,
    STATUS,
)
from credit_risk.errors import CreditError
from resources.history import import_history
from resources.pages_on_demand import pages_of
from simulation.traffic import simulate_drift

CLEAN, MOVED, TEXTUAL, EMPTY, IMPORTED, NEWEST = range(6)


@pytest.fixture(scope="module")
def population(shared_platform):
    return shared_platform.features()


@pytest.fixture(scope="module")
def textual(shared_platform):
    """Two monitored numbers that a careless import fills with text."""
    manifest = shared_platform.clients.registry.manifest("1")
    numeric = {feature.name for feature in manifest.feature_set.accepted if feature.kind == "numeric"}
    return [name for name in manifest.monitored_features if name in numeric][:2]


@pytest.fixture(scope="module")
def days(shared_platform, population, textual, tmp_path_factory):
    """Clean, moved, with text for a number, empty, imported from an older system, and clean again."""
    first = shared_platform.today - timedelta(days=12)
    days = [first + timedelta(days=number) for number in range(6)]
    rng = np.random.default_rng(0)

    def drawn(n):
        return population.iloc[rng.choice(len(population), n, replace=False)].reset_index(drop=True)

    shared_platform.decide(days[CLEAN], drawn(150))
    shared_platform.decide(days[MOVED], simulate_drift(drawn(150), "sudden", 0.7, rng, spread_of=population))
    shared_platform.decide(days[TEXTUAL], drawn(40).assign(**dict.fromkeys(textual, "SECRET-314159")))
    shared_platform.decide(days[NEWEST], drawn(100).assign(NO_FEATURE_OF_THE_MODEL=1.0))
    file = tmp_path_factory.mktemp("history") / "older.parquet"
    shared_platform.history_of(days[IMPORTED], drawn(80)).to_parquet(file)
    import_history(shared_platform.database, file, "older")
    return days


@pytest.fixture(scope="module", autouse=True)
def week(shared_platform, days):
    """The run over all days."""
    return shared_platform.report_drift(days[0], days[-1])


@pytest.fixture(scope="module")
def records(week, shared_platform):
    """What the run recorded, by day."""
    return {
        record.partition_key: record
        for record in shared_platform.materializations(DRIFT_REPORT)
        if record.run_id == week.run_id
    }


@pytest.fixture(scope="module")
def metadata(records, days):
    """Plain metadata by number of the day; the failed day has none."""
    return [
        {name: value.value for name, value in records[day.isoformat()].asset_materialization.metadata.items()}
        if day.isoformat() in records
        else None
        for day in days
    ]


@pytest.fixture(scope="module")
def rows(shared_platform, days):
    """Stored rows by day."""
    return {row.report_date: row for row in shared_platform.clients.drift_reports.between(days[0], days[-1])}


@pytest.fixture(scope="module")
def checks(week):
    return {check.partition: check for check in week.get_asset_check_evaluations()}


def test_a_day_has_a_record_and_a_row_that_agree(days, metadata, rows):
    for number in (CLEAN, MOVED, EMPTY, IMPORTED, NEWEST):
        row, figures = rows[days[number]], metadata[number]
        assert figures[STATUS] == row.status
        assert figures[N_PREDICTIONS] == row.n_predictions
        assert figures["drift/percentage"] == pytest.approx(row.drift_percentage)
        assert figures["drift/n_features_drifted"] == row.n_features_drifted == len(figures[DRIFTED])
        assert figures["drift/n_features_analyzed"] == row.n_features_analyzed == 30


def test_each_day_is_judged_by_itself(metadata):
    assert [figures and (figures[STATUS], figures[N_PREDICTIONS]) for figures in metadata] == [
        ("ok", 150),
        ("alert", 150),
        None,
        ("insufficient", 0),
        ("ok", 80),
        ("ok", 100),
    ]


def test_a_stable_or_empty_day_passes_its_check_and_an_alert_fails_it(days, checks):
    outcome = {day: (check.passed, check.severity) for day, check in checks.items()}
    assert outcome == {
        days[CLEAN].isoformat(): (True, dg.AssetCheckSeverity.WARN),
        days[MOVED].isoformat(): (False, dg.AssetCheckSeverity.ERROR),
        days[EMPTY].isoformat(): (True, dg.AssetCheckSeverity.WARN),
        days[IMPORTED].isoformat(): (True, dg.AssetCheckSeverity.WARN),
        days[NEWEST].isoformat(): (True, dg.AssetCheckSeverity.WARN),
    }
    assert {check.check_name for check in checks.values()} == {CHECK}


def test_a_check_is_about_the_record_of_its_day(records, checks):
    for day, record in records.items():
        assert checks[day].target_materialization_data.storage_id == record.storage_id


def test_a_day_that_cannot_be_compared_costs_its_neighbours_nothing(week, days, records, rows):
    assert not week.success
    assert len(records) == len(rows) == 5
    assert days[TEXTUAL] not in rows


def test_the_failed_day_is_named_with_its_columns_and_no_value(week, days, textual):
    (failure,) = week.get_step_failure_events()
    data = failure.step_failure_data.user_failure_data
    assert data.description == "1 of 6 days without a report, or without its pages"
    (day, reason) = next(iter(data.metadata.items()))
    assert day == days[TEXTUAL].isoformat()
    assert f"text where model 1 takes numbers: {textual[0]}, {textual[1]}" in reason.value
    assert "SECRET" not in str(failure)


def test_an_alert_of_the_last_days_names_the_features_that_moved_watched_or_not(shared_platform, days, metadata):
    assert ALL_DRIFTED not in metadata[MOVED]
    assert shared_platform.report_drift(days[MOVED], days[MOVED]).success
    moved = shared_platform.metadata(DRIFT_REPORT)
    assert set(moved[DRIFTED]) < set(moved[ALL_DRIFTED])
    assert "AMT_CREDIT" in moved[ALL_DRIFTED]


def test_a_day_says_how_its_score_moved_and_what_the_other_rule_thinks(shared_platform, days, metadata):
    assert set(metadata[CLEAN]["drift/by_rule"]) == {"corrected", "classic"}
    assert {"ks_stat", "p_value", "size", "drifted"} <= metadata[CLEAN]["drift/score"].keys()
    # Of an older system: there is no score of the live model to compare.
    assert "drift/score" not in metadata[IMPORTED]
    with shared_platform.database.connect() as connection:
        query = "SELECT by_rule, score, multivariate, read_at FROM credit.drift_reports WHERE report_date = %s"
        by_rule, score, multivariate, read_at = connection.execute(query, [days[CLEAN]]).fetchone()
    assert by_rule["corrected"]["status"] == "ok"
    assert score["size"] == metadata[CLEAN]["drift/score"]["size"]
    assert multivariate is None
    assert read_at is not None


def test_the_newest_day_alone_is_told_from_the_reference_as_a_whole(metadata):
    assert [figures is not None and "drift/multivariate" in figures for figures in metadata] == [False] * 5 + [True]
    assert 0.0 <= metadata[NEWEST]["drift/multivariate"]["auc"] <= 1.0


def test_days_before_the_first_promotion_are_compared_with_the_first_model(metadata, rows):
    assert {row.model_version for row in rows.values()} == {"1"}
    assert metadata[CLEAN][MODEL_VERSION] == "1"


def test_the_pages_and_the_pictures_are_made_for_the_newest_day_alone(shared_platform, days, metadata):
    assert [figures is not None and "drift/chart" in figures for figures in metadata] == [False] * 5 + [True]
    page = shared_platform.lake_file(f"reports/drift/{days[NEWEST]}.html")
    other = shared_platform.lake_file(f"reports/drift/{days[NEWEST]}.evidently.html")
    assert not shared_platform.lake_file(f"reports/drift/{days[CLEAN]}.html").exists()
    assert metadata[NEWEST]["drift/page"] == page.as_uri()
    assert metadata[NEWEST]["drift/evidently_page"] == other.as_uri()
    assert "<html" in other.read_text()[:1000].lower()
    assert "](data:image/png;base64," in metadata[NEWEST]["drift/chart"]
    for picture in ("share_over_time", "score_distribution", "volume_by_hour"):
        assert "](data:image/svg+xml;base64," in metadata[NEWEST][f"drift/{picture}"]


def test_our_page_is_small_and_knows_the_days_before(shared_platform, days):
    page = shared_platform.lake_file(f"reports/drift/{days[NEWEST]}.html").read_text()
    assert len(page) < 2_000_000
    assert "100 decisions were compared" in page
    assert f"{days[MOVED]}: alert" in page
    assert f"{days[NEWEST]}.evidently.html" in page


def test_the_pages_of_any_day_are_made_on_demand_and_leave_its_report_alone(shared_platform, days, rows):
    written = pages_of(shared_platform.clients.settings, days[CLEAN])
    page = shared_platform.lake_file(f"reports/drift/{days[CLEAN]}.html")
    assert written.page == page.as_uri()
    assert "150 decisions were compared" in page.read_text()
    assert shared_platform.clients.drift_reports.between(days[CLEAN], days[CLEAN]) == [rows[days[CLEAN]]]
    with pytest.raises(CreditError, match="0 decisions on"):
        pages_of(shared_platform.clients.settings, days[EMPTY])


def test_the_details_name_every_watched_feature_largest_first(shared_platform, days):
    details = shared_platform.clients.drift_reports.details(days[MOVED])
    assert {detail["feature"] for detail in details} == set(
        shared_platform.clients.registry.manifest("1").monitored_features
    )
    sizes = [detail["size"] for detail in details]
    assert sizes == sorted(sizes, reverse=True)
    assert all(detail["ks_stat"] is None for detail in details if detail["kind"] == "categorical")


def test_a_recomputed_day_replaces_its_row_and_adds_a_record(shared_platform, days, population, rows):
    day, before = days[CLEAN], rows[days[CLEAN]]
    shared_platform.decide(day, population.head(50))
    assert shared_platform.report_drift(day, day).success
    (row,) = shared_platform.clients.drift_reports.between(day, day)
    assert (before.n_predictions, row.n_predictions) == (150, 200)
    assert row.created_at > before.created_at
    records = [r for r in shared_platform.materializations(DRIFT_REPORT) if r.partition_key == day.isoformat()]
    assert [r.asset_materialization.metadata[N_PREDICTIONS].value for r in records] == [200, 150]


def test_a_day_is_reported_from_the_ui_by_its_partition(shared_platform, population):
    day = shared_platform.today - timedelta(days=20)
    shared_platform.decide(day, population.head(10))
    result = shared_platform.materialize(DRIFT_REPORT, partition_key=day.isoformat())
    assert result.success
    (row,) = shared_platform.clients.drift_reports.between(day, day)
    assert (row.status, row.n_predictions) == ("insufficient", 10)


def test_a_day_whose_page_cannot_be_written_has_its_verdict_and_the_run_says_what_is_missing(platform):
    yesterday = platform.today - timedelta(days=1)
    for day in (yesterday, platform.today):
        platform.decide(day, platform.features().head(40))
    # A file where the folder of the pages belongs.
    platform.lake_file("reports").touch()
    result = platform.report_drift(yesterday, platform.today)
    (failure,) = result.get_step_failure_events()
    ((day, reason),) = failure.step_failure_data.user_failure_data.metadata.items()
    assert day == platform.today.isoformat()
    assert f"`credit drift page {day}` makes them" in reason.value
    rows = platform.clients.drift_reports.between(yesterday, platform.today)
    assert [row.report_date for row in rows] == [yesterday, platform.today]
    assert len(platform.materializations(DRIFT_REPORT)) == 2


def test_without_a_model_the_report_says_what_to_do(untrained):
    result = untrained.report_drift(untrained.today, untrained.today)
    (failure,) = result.get_step_failure_events()
    reason = failure.step_failure_data.user_failure_data.metadata[untrained.today.isoformat()].value
    assert "found no model that was ever live" in reason
    assert "run training_job first" in reason
