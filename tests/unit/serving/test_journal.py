"""The journal: order, sealing, orphans, limits."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.errors import SettingsError
from serving.journal import Journal, NoRecordError


def drain(journal):
    """Ship everything to a list, as the shipper ships to PostgreSQL."""
    journal.seal()
    shipped = []
    while (segment := journal.oldest()) is not None:
        shipped += segment.read().records
        journal.shipped(segment)
        segment.release()
    return shipped


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.prepare()
    return journal


@given(batches=st.lists(st.integers(1, 5), max_size=12), max_segment_bytes=st.integers(1, 3000))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_appended_is_shipped_once_and_in_order(tmp_path, decision, batches, max_segment_bytes):
    journal = Journal(tmp_path / "journal", max_segment_bytes=max_segment_bytes)
    journal.prepare()
    appended = []
    for size in batches:
        batch = [decision() for _ in range(size)]
        journal.append(batch)
        appended += batch
    assert journal.depth() == len(appended)
    assert drain(journal) == appended
    assert drain(journal) == []
    assert journal.depth() == 0
    shutil.rmtree(journal.directory)


def test_an_empty_journal_has_no_age(journal):
    assert journal.age_s() == 0.0


def test_the_age_is_that_of_the_oldest_decision(journal, decision):
    journal.append([decision()])
    journal.seal()
    journal.append([decision()])
    first = min(journal.directory.iterdir())
    old = first.with_name("00000000000000000001-00000000.jsonl")
    first.rename(old)
    fresh = Journal(journal.directory)
    fresh.oldest().release()
    assert fresh.age_s() > 1e9


def test_segments_of_another_process_are_adopted_and_counted(journal, decision):
    left_behind = [decision(), decision()]
    journal.append(left_behind)
    journal.seal()
    heir = Journal(journal.directory)
    segment = heir.oldest()
    assert heir.depth() == 2
    assert segment.read().records == left_behind
    segment.release()


def test_what_another_process_shipped_is_forgotten(journal, decision):
    journal.append([decision()])
    journal.seal()
    drain(Journal(journal.directory))
    assert journal.oldest() is None
    assert journal.depth() == 0


def test_a_segment_that_is_written_is_left_alone(journal, decision):
    journal.append([decision()])
    assert journal.oldest() is None


def test_a_folder_that_is_gone_is_an_error_and_not_a_loss(journal, decision):
    shutil.rmtree(journal.directory)
    with pytest.raises(NoRecordError, match="found a journal that cannot be written"):
        journal.append([decision()])
    journal.prepare()
    kept = decision()
    journal.append([kept])
    assert drain(journal) == [kept]


def test_a_journal_at_its_limit_refuses_whole_batches_and_recovers(tmp_path, decision):
    line = len(decision().to_json()) + 1
    journal = Journal(tmp_path, max_bytes=3 * line + 20)
    kept = [decision(), decision()]
    journal.append(kept)
    with pytest.raises(NoRecordError, match=r"found a journal at its limit .* CREDIT_JOURNAL_MAX_MB"):
        journal.append([decision(), decision()])
    assert drain(journal) == kept
    later = [decision(), decision()]
    journal.append(later)
    assert drain(journal) == later


def test_the_limit_counts_what_other_processes_wrote(tmp_path, decision):
    other = Journal(tmp_path)
    other.append([decision(), decision()])
    journal = Journal(tmp_path, max_bytes=other.bytes_waiting() + 20)
    with pytest.raises(NoRecordError, match="found a journal at its limit"):
        journal.append([decision()])
    other.seal()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"found a journal folder .*/file/journal that cannot be written"):
        Journal(tmp_path / "file" / "journal").prepare()
