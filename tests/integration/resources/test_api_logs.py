from datetime import UTC, datetime, timedelta

import pytest

from resources import api_logs
from resources.api_logs import LogLine, forget_log_lines, log_id_of, store_log_lines

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def stored(postgres, monkeypatch):
    monkeypatch.setattr(api_logs, "AT_ONCE", 2)
    lines = [
        LogLine(log_id_of(b"chunk", day), NOW - timedelta(days=day), "info", "request", None, {}) for day in range(7)
    ]
    with postgres.connect() as connection:
        store_log_lines(connection, lines)
    return lines


def test_old_lines_are_forgotten_and_the_others_kept(postgres, stored):
    assert forget_log_lines(postgres, NOW - timedelta(days=1)) == 5
    with postgres.connect() as connection:
        kept = {row[0] for row in connection.execute("SELECT log_id FROM credit.api_logs").fetchall()}
    assert kept == {line.log_id for line in stored[:2]}
