"""The copy of the last model that went live, and since when it was live."""

import pytest

from serving.last_good import LastGood


@pytest.fixture
def last_good(tmp_path):
    return LastGood(tmp_path / "last_good")


def test_what_was_kept_comes_back_with_its_mark(last_good, tiny_model):
    last_good.keep(tiny_model("1"), "2026-11-01T00:00:00+00:00")
    assert last_good.read() == tiny_model("1")
    assert last_good.live_since("1") == "2026-11-01T00:00:00+00:00"


def test_without_a_copy_there_is_neither(last_good):
    assert (last_good.read(), last_good.live_since("1")) == (None, None)


def test_a_stay_that_nobody_knows_leaves_no_mark_of_an_earlier_one(last_good, tiny_model):
    last_good.keep(tiny_model("1"), "2026-11-01T00:00:00+00:00")
    last_good.keep(tiny_model("1"), None)
    assert last_good.live_since("1") is None


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_answer(tiny_model, tmp_path):
    (tmp_path / "file").touch()
    LastGood(tmp_path / "file" / "below").keep(tiny_model("1"), None)
    assert (tmp_path / "file").read_text() == ""
