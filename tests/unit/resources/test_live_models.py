"""Where a rollback leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from resources.live_models import LiveModel, version_before

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("versions", "before"),
    [
        ("", None),
        ("1", None),
        ("12", "1"),
        ("123", "2"),
        # After a rollback from 3 to 2 the next one does not lead back to 3.
        ("1232", "1"),
        ("12321", None),
        # A newer version after a rollback: back to the one that stood before it.
        ("12324", "2"),
        # A version that is promoted once more stands where it stood first.
        ("121", None),
    ],
)
def test_a_rollback_leads_to_the_version_that_stands_before(versions, before):
    history = [
        LiveModel(version, START + timedelta(days=day), None, "cause", "author") for day, version in enumerate(versions)
    ]
    assert version_before(history) == before
