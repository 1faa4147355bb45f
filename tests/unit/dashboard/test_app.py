"""Every tab when there is nothing to show, when something is away, and with decisions."""

from datetime import UTC, datetime

import pytest

from resources.prediction_log import ensure_feature_sets, insert_decisions

TABS = ["Score an applicant", "Scores and decisions", "Service", "Drift", "Model"]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def said(page):
    return "\n".join(element.value for kind in (page.info, page.error, page.markdown) for element in kind)


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("Score an applicant", "The service knows no client yet."),
        ("Scores and decisions", "No decisions yet."),
        ("Service", "No decisions of the service in this span."),
        ("Drift", "No drift report yet."),
        ("Model", "No model is live."),
    ],
)
def test_a_tab_without_anything_to_show_says_how_it_comes_about(page, postgres, tab, words):
    shown = page(tab, postgres.url)
    assert not shown.exception
    assert words in said(shown)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_says_that_the_database_is_away_and_what_to_do(page, tab):
    shown = page(tab, NOWHERE)
    assert not shown.exception
    assert "no answer from PostgreSQL" in said(shown)
    assert "Do this" in said(shown)


def test_the_service_tab_says_that_the_service_is_away_and_shows_the_rest(page, postgres):
    shown = page("Service", postgres.url)
    assert "no answer from the scoring service" in said(shown)
    assert "No model was ever live." in said(shown)


def test_silence_of_a_shipper_is_not_called_success(page, postgres):
    shown = page("Service", postgres.url)
    assert "No log line was delivered in this span." in said(shown)
    assert not shown.success


def test_only_the_open_tab_asks(page, postgres):
    """The model tab would read the registry; the text of another tab is nowhere on the page."""
    assert "No model is live." not in said(page("Scores and decisions", postgres.url))


def test_an_address_that_strangers_reach_shows_nothing(page, postgres):
    shown = page("Service", postgres.url, address="0.0.0.0")
    assert "asks nobody to sign in" in said(shown)
    assert not shown.tabs


def test_who_has_not_signed_in_sees_a_button_and_nothing_else(page, postgres):
    secrets = {"redirect_uri": "https://risk.example/oauth2callback", "cookie_secret": "x" * 32}
    shown = page("Service", postgres.url, address="0.0.0.0", secrets={"auth": secrets})
    assert [button.label for button in shown.button] == ["Sign in"]
    assert not shown.tabs


@pytest.fixture
def decided(postgres, decision):
    """Three decisions of today, one of them a refusal."""
    now = datetime.now(UTC)
    features = {"DAYS_BIRTH": -12_000.0, "CODE_GENDER": "F"}
    records = [decision(created_at=now, features=features) for _ in range(2)]
    records.append(decision(created_at=now, features=features, decision="REFUSED", prediction=1, probability=0.7))
    with postgres.connect() as connection:
        ensure_feature_sets(connection, {record.feature_names for record in records})
        insert_decisions(connection, records)
    return postgres


def test_decisions_are_counted_and_drawn(page, decided):
    shown = page("Scores and decisions", decided.url)
    assert not shown.exception
    assert {metric.label: metric.value for metric in shown.metric} == {
        "Decisions": "3", "Approved": "66.7%", "Refused": "1", "Mean probability": "31.6%", "Models": "1",
    }  # fmt: skip
    assert "**Share approved by age**" in said(shown)


def test_another_segment_is_one_choice_away(page, decided):
    shown = page("Scores and decisions", decided.url)
    shown = shown.selectbox(key="decision-segment").select("gender").run()
    assert "**Share approved by gender**" in said(shown)


def test_an_id_that_is_none_is_refused_in_words(page, postgres):
    shown = page("Score an applicant", postgres.url)
    shown.text_input(key="look-up-id").input("100001")
    shown = next(button for button in shown.button if button.label == "Show").click().run()
    assert "This is no prediction id" in said(shown)
