"""Outcomes in real PostgreSQL: what holds, what was known when, and which days got some."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from resources import schema
from resources.outcomes import Outcome, Outcomes, record_outcomes
from resources.prediction_log import insert_decisions

MOMENT = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
LATER = MOMENT + timedelta(days=30)


@pytest.fixture
def outcomes(postgres):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, MOMENT.date(), LATER.date())
    return Outcomes(postgres)


@pytest.fixture
def record(postgres):
    def write(*items):
        with postgres.connect() as connection:
            return record_outcomes(connection, [Outcome(*item) for item in items])

    return write


def test_of_several_outcomes_of_a_decision_the_newest_row_holds(outcomes, record):
    corrected, single, other = uuid4(), uuid4(), uuid4()
    record((corrected, 0, LATER), (single, 1, MOMENT))
    record((corrected, 1, LATER), (other, 0, LATER))
    # Sent once more, the first outcome is no correction.
    record((corrected, 0, LATER))
    found = outcomes.current([corrected, single]).set_index("prediction_id")
    assert found["target"].to_dict() == {corrected: 1, single: 1}
    assert found.loc[single, "observed_at"] == MOMENT
    assert len(outcomes.current()) == 3


def test_what_was_known_at_a_moment_can_be_asked_later(outcomes, record):
    decision = uuid4()
    record((decision, 0, MOMENT))
    between = outcomes.current()["recorded_at"].max()
    record((decision, 1, LATER))
    assert outcomes.current()["target"].tolist() == [1]
    assert outcomes.current(until=between)["target"].tolist() == [0]
    assert outcomes.current([decision], until=between - timedelta(seconds=1)).empty


def test_matured_outcomes_were_observed_in_time(outcomes, record):
    early, late = uuid4(), uuid4()
    record((early, 0, MOMENT), (late, 1, LATER))
    assert outcomes.matured(MOMENT)["prediction_id"].tolist() == [early]
    assert set(outcomes.matured(LATER)["prediction_id"]) == {early, late}


def test_no_outcomes_are_an_empty_frame_of_the_same_kinds(outcomes, record):
    empty = outcomes.current([])
    record((uuid4(), 1, MOMENT))
    assert empty.dtypes.to_dict() == outcomes.current().dtypes.to_dict()


def test_new_outcomes_are_counted_by_the_utc_day_of_their_decision(postgres, outcomes, record, decision):
    decisions = [decision(created_at=MOMENT), decision(created_at=MOMENT + timedelta(seconds=1))]
    with postgres.connect() as connection:
        connection.execute("SET TIME ZONE 'Asia/Tokyo'")
        insert_decisions(connection, decisions)
    record(*((each.prediction_id, 0, LATER) for each in decisions))
    first = outcomes.since(0)
    assert first.by_day == {date(2026, 3, 1): 1, date(2026, 3, 2): 1}
    assert outcomes.since(first.last_id) == type(first)({}, 0, first.last_id)
    # A correction is news of its day.
    record((decisions[0].prediction_id, 1, LATER))
    assert outcomes.since(first.last_id).by_day == {date(2026, 3, 1): 1}


def test_the_day_of_a_decision_that_left_the_table_is_in_its_id_and_otherwise_unknown(outcomes, record):
    archived, older_system = UUID(int=int(MOMENT.timestamp() * 1000) << 80 | 0x7000_8000_0000_0000_0001), uuid4()
    record((archived, 0, LATER), (older_system, 0, LATER))
    found = outcomes.since(0)
    assert (found.by_day, found.unknown) == ({date(2026, 3, 1): 1}, 1)


def test_rows_become_visible_in_the_order_of_their_ids(postgres, outcomes, record):
    """A writer that waits has no id yet: whoever remembers the last id misses nobody."""
    with postgres.connect() as slow:
        record_outcomes(slow, [Outcome(uuid4(), 0, MOMENT)])
        with postgres.connect() as fast:
            fast.execute("SET lock_timeout = '50ms'")
            with pytest.raises(Exception, match="lock timeout"):
                record_outcomes(fast, [Outcome(uuid4(), 0, MOMENT)])
        assert outcomes.since(0).last_id == 0
    seen = outcomes.since(0).last_id
    record((uuid4(), 0, MOMENT))
    assert outcomes.since(seen).last_id > seen
