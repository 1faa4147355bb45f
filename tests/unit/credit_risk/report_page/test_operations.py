"""A day's operations from its decisions."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.report_page.operations import operations


def decisions(n=4, **changes):
    moments = pd.Timestamp("2026-11-20 01:30", tz="UTC") + pd.to_timedelta(np.arange(n) * 30, unit="min")
    columns = {
        "created_at": moments,
        "decision": ["APPROVED", "REFUSED"] * (n // 2),
        "model_version": ["2", *["3"] * (n - 1)],
        "inference_time_ms": np.arange(1.0, n + 1),
        "n_features_missing": pd.array([10, 20, None, 30][:n], dtype="Int64"),
    }
    return pd.DataFrame(columns | changes)


def test_figures_of_a_day():
    day = operations(decisions())
    assert (day.n_decisions, day.n_refused, day.refusal_rate) == (4, 2, 0.5)
    assert day.latency_p50 == pytest.approx(2.5)
    assert day.latency_p95 == pytest.approx(3.85)
    assert day.features_missing == pytest.approx(20.0)
    assert day.by_model == {"3": 3, "2": 1}


def test_hours_are_utc():
    moved = decisions().assign(created_at=lambda frame: frame["created_at"].dt.tz_convert("Asia/Tokyo"))
    assert operations(moved).by_hour[:4] == (0, 1, 2, 1)


def test_decisions_of_an_older_system_have_no_latency():
    imported = decisions(inference_time_ms=[None] * 4, n_features_missing=pd.array([None] * 4, dtype="Int64"))
    day = operations(imported)
    assert (day.latency_p50, day.latency_p95, day.features_missing) == (None, None, None)


def test_a_day_without_decisions():
    day = operations(pd.DataFrame())
    assert (day.n_decisions, day.refusal_rate, sum(day.by_hour)) == (0, None, 0)
