"""The days of a range, each with its features: the log read once, and a day that cannot be read told as such.

Here: the order of days, and what a failure costs. Keep out: how the log is read (`prediction_log`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from credit_risk.errors import CreditError, UnavailableError
from resources.prediction_log import PredictionLog

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayWindow:
    """The features of a day's decisions, or why they cannot be read."""

    day: date
    features: pd.DataFrame
    error: CreditError | None = None


def day_windows(log: PredictionLog, first: date, last: date) -> Iterator[DayWindow]:
    """Every day from `first` to `last`, in order; a day without decisions has an empty frame.

    Raises:
        UnavailableError: the database or the lake does not answer: no later day could be read either.
    """
    at = first
    while at <= last:
        try:
            for day, features in log.features_between(at, last):
                yield from _empty(at, day)
                yield DayWindow(day, features)
                at = day + ONE_DAY
        except UnavailableError:
            raise
        except CreditError:
            # One read of many days does not say which of them failed: the next one is read alone.
            yield _alone(log, at)
            at += ONE_DAY
        else:
            yield from _empty(at, last + ONE_DAY)
            return


def _alone(log: PredictionLog, day: date) -> DayWindow:
    try:
        return DayWindow(day, log.features_of(day))
    except UnavailableError:
        raise
    except CreditError as error:
        return DayWindow(day, pd.DataFrame(), error)


def _empty(first: date, end: date) -> Iterator[DayWindow]:
    for offset in range((end - first).days):
        yield DayWindow(first + timedelta(days=offset), pd.DataFrame())
