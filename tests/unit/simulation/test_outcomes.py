"""Made-up outcomes: of loans alone, true to the known probability, and the same whenever asked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import SettingsError
from simulation.outcomes import World, draw_outcomes

DECIDED = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AFTER = DECIDED + timedelta(days=100)


def decisions(n, refused=0.0):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "prediction_id": [UUID(int=number) for number in range(n)],
            "created_at": pd.DatetimeIndex([DECIDED] * n),
            "sk_id_curr": np.arange(n) % 1_000,
            "decision": np.where(rng.random(n) < refused, "REFUSED", "APPROVED"),
        }
    )


TRUTH = pd.Series(np.linspace(0.02, 0.3, 1_000))


def test_outcomes_follow_the_known_probability():
    known = draw_outcomes(decisions(20_000), TRUTH, World(), now=LONG_AFTER).known
    assert len(known) == 20_000
    assert known["target"].mean() == pytest.approx(TRUTH.mean(), abs=0.01)
    risky = known["prediction_id"].map(lambda each: each.int % 1_000 >= 500)
    assert known.loc[risky, "target"].mean() == pytest.approx(TRUTH[500:].mean(), abs=0.015)


def test_odds_make_another_world():
    known = draw_outcomes(decisions(20_000), TRUTH, World(odds=2.0), now=LONG_AFTER).known
    assert known["target"].mean() == pytest.approx((2 * TRUTH / (1 + TRUTH)).mean(), abs=0.01)


def test_the_refused_have_none_but_those_whom_the_lot_approves():
    frame = decisions(4_000, refused=0.5)
    refused = set(frame.loc[frame["decision"] == "REFUSED", "prediction_id"])
    without = draw_outcomes(frame, TRUTH, World(), now=LONG_AFTER)
    assert not refused & set(without.known["prediction_id"])
    assert without.by_lot == []
    lot = draw_outcomes(frame, TRUTH, World(random_share=0.1), now=LONG_AFTER)
    assert set(lot.by_lot) == refused & set(lot.known["prediction_id"])
    assert len(lot.by_lot) == pytest.approx(200, abs=60)


def test_labels_come_late_and_what_was_said_stays_said():
    world, frame = World(maturity_days=30, random_share=0.1), decisions(2_000, refused=0.3)
    early = draw_outcomes(frame, TRUTH, world, now=DECIDED + timedelta(days=10))
    late = draw_outcomes(frame.sample(frac=1, random_state=1), TRUTH, world, now=LONG_AFTER)
    assert 0 < len(early.known) < len(late.known)
    assert len(early.known) + early.waiting == len(late.known)
    again = late.known.set_index("prediction_id").loc[early.known["prediction_id"]].reset_index()
    pd.testing.assert_frame_equal(again, early.known)
    assert (early.known["observed_at"] > DECIDED).all()
    assert (early.known["observed_at"] <= DECIDED + timedelta(days=10)).all()


def test_without_maturity_everything_is_known_at_once():
    found = draw_outcomes(decisions(50), TRUTH, World(maturity_days=0), now=DECIDED)
    assert (len(found.known), found.waiting) == (50, 0)


def test_clients_of_whom_nothing_is_known_have_no_outcome_and_are_counted():
    frame = decisions(100).assign(sk_id_curr=pd.array([1, None, 5_000, 2] * 25, dtype="Int64"))
    found = draw_outcomes(frame, TRUTH, World(), now=LONG_AFTER)
    assert (len(found.known), found.without_truth) == (50, 50)


@pytest.mark.parametrize("wrong", [{"maturity_days": -1}, {"random_share": 1.5}, {"odds": 0}, {"odds": float("nan")}])
def test_an_impossible_world_is_refused(wrong):
    with pytest.raises(SettingsError, match="correct the arguments"):
        World(**wrong)
