"""The days of a range: each once, in order, whatever some of them do."""

from datetime import date, timedelta

import pandas as pd
import pytest

from credit_risk.errors import DriftError, UnavailableError
from resources.day_windows import day_windows

FIRST = date(2026, 11, 1)


class Log:
    """A log whose days hold as many rows as said; a day that holds an error raises it."""

    def __init__(self, *days):
        self.days = {FIRST + timedelta(days=number): content for number, content in enumerate(days)}
        self.reads = 0

    def features_of(self, day):
        content = self.days[day]
        if isinstance(content, Exception):
            raise content
        return pd.DataFrame({"X": range(content)})

    def features_between(self, first, last):
        self.reads += 1
        for day in sorted(self.days):
            if first <= day <= last and self.days[day] != 0:
                yield day, self.features_of(day)


def broken():
    return DriftError("a file that is no Parquet file", expected="one", remedy="restore it")


def told(log):
    last = max(log.days)
    return [(w.day, len(w.features), w.error is not None) for w in day_windows(log, FIRST, last)]


def days(*contents):
    return [(FIRST + timedelta(days=number), n, failed) for number, (n, failed) in enumerate(contents)]


def test_a_range_is_read_once():
    log = Log(3, 2, 5)
    assert told(log) == days((3, False), (2, False), (5, False))
    assert log.reads == 1


def test_days_without_decisions_are_there_with_none():
    assert told(Log(0, 3, 0, 0, 1, 0)) == days(*((n, False) for n in (0, 3, 0, 0, 1, 0)))


def test_a_day_that_cannot_be_read_costs_its_neighbours_nothing():
    assert told(Log(3, broken(), 0, 4, broken())) == days((3, False), (0, True), (0, False), (4, False), (0, True))


def test_a_database_that_is_away_ends_the_read():
    away = UnavailableError("no answer", expected="one", remedy="start it")
    with pytest.raises(UnavailableError, match="no answer"):
        told(Log(3, away, 4))
