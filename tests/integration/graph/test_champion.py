"""Judgement of a candidate that is no better, and what materializing again leaves as it is."""

from datetime import timedelta
from uuid import uuid4

import pytest

from credit_assets.champion import CHAMPION_MODEL
from credit_assets.comparison import MODEL_COMPARISON
from credit_assets.jobs import RETRAINED
from credit_assets.model import CREDIT_MODEL
from credit_assets.reference import TRAINING_REFERENCE
from resources.registry import MODEL_NAME, PRODUCTION


@pytest.fixture(scope="module")
def trained_again(templates):
    """A second training on the same data."""
    with templates.copy("trained") as platform:
        assert platform.run("training_job", asset_selection=RETRAINED).success
        yield platform


def test_a_second_training_on_the_same_data_is_refused_with_its_reason(trained_again):
    verdict = trained_again.metadata(CHAMPION_MODEL)
    assert verdict["promotion/promoted"] is False
    assert verdict["promotion/reason"] == (
        f"version 2 against 1 on {trained_again.metadata(CREDIT_MODEL)['n_train']} clients: cost difference "
        "+0.0000 [+0.0000, +0.0000] stays below the margin of +0.0050, but nothing improves"
    )


def test_a_refused_model_leaves_production_as_it_was(trained_again):
    registry = trained_again.clients.registry
    assert (registry.staging_version(), registry.production_version()) == ("2", "1")
    assert registry.versions()[-1]["tags"]["verdict"] == "refused"
    assert [stay.model_version for stay in trained_again.clients.live_models.history()] == ["1"]


def test_the_same_data_train_the_same_model(trained_again):
    first, second = (trained_again.clients.registry.load(version) for version in "12")
    assert first.booster_text == second.booster_text
    assert first.manifest.threshold == second.manifest.threshold


def test_judging_again_what_is_in_production_changes_nothing(platform):
    assert platform.materialize(CHAMPION_MODEL).success
    assert platform.metadata(CHAMPION_MODEL)["promotion/reason"] == "the candidate is in production already"
    assert len(platform.clients.live_models.history()) == 1


def test_a_reference_is_never_overwritten(platform):
    file = platform.lake_file("reference/1.parquet")
    before = file.read_bytes(), file.stat().st_mtime_ns
    with platform.database.connect() as connection:
        # What a second writer would do: a row that is not that of the stored sample.
        connection.execute("UPDATE credit.training_reference SET mean = 42 WHERE feature_name = 'AMT_CREDIT'")
    assert platform.materialize(TRAINING_REFERENCE).success
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    with platform.database.connect() as connection:
        rows = connection.execute(
            "SELECT mean FROM credit.training_reference WHERE feature_name = 'AMT_CREDIT'"
        ).fetchall()
    assert rows == [(42.0,)]


@pytest.fixture
def without_champion(templates, trained_again):
    """Two models, and the alias of production on neither: the candidate, version 2, is to be promoted as the first."""
    with templates.copy(templates.keep(trained_again, f"two_models_{uuid4().hex}")) as platform:
        platform.clients.registry.client.delete_registered_model_alias(MODEL_NAME, PRODUCTION)
        yield platform


def test_who_let_a_model_go_live_is_on_record(without_champion):
    assert without_champion.materialize(MODEL_COMPARISON, CHAMPION_MODEL, tags={"user": "ada@example.org"}).success
    stays = without_champion.clients.live_models.history()
    assert [(stay.model_version, stay.author) for stay in stays] == [
        ("1", "promotion policy"),
        ("2", "ada@example.org"),
    ]
    assert stays[0].live_to == stays[1].live_from


def test_a_day_is_compared_with_the_model_that_was_live_at_its_end(without_champion):
    assert without_champion.materialize(MODEL_COMPARISON, CHAMPION_MODEL).success
    yesterday, today = without_champion.today - timedelta(days=1), without_champion.today
    assert without_champion.report_drift(yesterday, today).success
    reports = without_champion.clients.drift_reports.between(yesterday, today)
    assert [report.model_version for report in reports] == ["1", "2"]


def test_a_model_without_a_reference_does_not_go_live(without_champion):
    without_champion.lake_file("reference/2.parquet").unlink()
    (failure,) = without_champion.materialize(MODEL_COMPARISON, CHAMPION_MODEL).get_step_failure_events()
    assert "no training reference of model 2" in failure.step_failure_data.error.cause.message
    assert without_champion.clients.registry.production_version() is None
    assert len(without_champion.clients.live_models.history()) == 1


def test_a_comparison_with_another_champion_is_not_carried_out(without_champion):
    (failure,) = without_champion.materialize(CHAMPION_MODEL).get_step_failure_events()
    message = failure.step_failure_data.error.cause.message
    assert "found a comparison of model 2 with 1, and none in production" in message
    assert "materialize model_comparison again" in message


def test_a_champion_without_a_comparison_says_what_to_do(without_champion):
    without_champion.lake_file("models/2/comparison.json").unlink()
    (failure,) = without_champion.materialize(CHAMPION_MODEL).get_step_failure_events()
    assert "no comparison of model 2" in failure.step_failure_data.error.cause.message
