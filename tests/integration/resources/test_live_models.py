"""The history of the live model in real PostgreSQL."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from resources.live_models import LiveModels


@pytest.fixture
def live(postgres):
    return LiveModels(postgres)


@pytest.fixture
def went_live(live):
    """`went_live(version, moment)`: a stay that began at a moment of the past."""

    def write(version, moment):
        with live.database.connect() as connection:
            connection.execute(
                "INSERT INTO credit.live_model_log (model_version, live_from, cause, author) VALUES (%s, %s, 'c', 'a')",
                [version, moment],
            )

    return write


def version_at(live, moment):
    return live.at(moment).model_version


def test_before_the_first_promotion_nobody_is_live(live):
    assert live.history() == []
    assert live.current() is None
    assert live.at(datetime.now(UTC)) is None


def test_a_promotion_is_written_down_with_cause_and_author(live):
    before = datetime.now(UTC)
    live.append("1", cause="first model", author="somebody")
    stay = live.current()
    assert (stay.model_version, stay.cause, stay.author, stay.live_to) == ("1", "first model", "somebody", None)
    assert before <= stay.live_from <= datetime.now(UTC)


def test_a_stay_ends_when_the_next_begins(live):
    for version in ("1", "2", "1"):
        live.append(version, cause="c", author="a")
    first, second, third = live.history()
    assert [stay.model_version for stay in (first, second, third)] == ["1", "2", "1"]
    assert (first.live_to, second.live_to, third.live_to) == (second.live_from, third.live_from, None)


def test_the_model_that_is_live_is_not_written_twice(live):
    live.append("1", cause="first", author="a")
    live.append("1", cause="again", author="b")
    assert [stay.cause for stay in live.history()] == ["first"]


def test_who_was_live_at_a_moment(live, went_live):
    start = datetime(2026, 11, 1, 12, tzinfo=UTC)
    for day, version in enumerate(("1", "2", "3")):
        went_live(version, start + timedelta(days=day))
    moment = timedelta(microseconds=1)
    # Days before the first are compared with the first: its reference is the oldest there is.
    assert version_at(live, start - timedelta(days=300)) == "1"
    assert version_at(live, start) == "1"
    assert version_at(live, start + timedelta(days=1) - moment) == "1"
    assert version_at(live, start + timedelta(days=1)) == "2"
    assert version_at(live, start + timedelta(days=1, hours=5)) == "2"
    assert version_at(live, start + timedelta(days=400)) == "3"


def test_promotions_at_once_are_one_history_without_repeats(live):
    threads = [
        threading.Thread(target=live.append, args=(str(i % 2),), kwargs={"cause": "c", "author": "a"}) for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = live.history()
    assert all(stay.model_version != following.model_version for stay, following in pairwise(history))
    assert all(stay.live_to == following.live_from for stay, following in pairwise(history))
    assert [stay.live_to for stay in history].count(None) == 1


def test_a_clock_that_was_set_back_does_not_reorder_the_history(live, went_live):
    ahead = datetime.now(UTC) + timedelta(seconds=0.3)
    went_live("1", ahead)
    live.append("2", cause="c", author="a")
    live.append("3", cause="c", author="a")
    assert [stay.model_version for stay in live.history()] == ["1", "2", "3"]
    assert live.current().model_version == "3"
    time.sleep(max(0.0, (ahead - datetime.now(UTC)).total_seconds()))
    live.append("4", cause="c", author="a")
    assert live.current().model_version == "4"
