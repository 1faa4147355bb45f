"""Raw labels and matured outcomes as one set of training rows: what is taken, what is left out, and why."""

import uuid
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import PortfolioError
from credit_risk.folds import fold_of
from credit_risk.labels import APPROVED, AT_RANDOM, OVERRULED, answer_of, combine, n_new

DAY = date(2026, 8, 1)


def clients():
    return pd.DataFrame(
        {
            "SK_ID_CURR": [1, 2, 3],
            "AMT": np.array([1.0, np.nan, 3.0], dtype=np.float32),
            "CHILDREN": [0, 1, 2],
            "JOB": pd.Series(["clerk", None, "driver"], dtype=object),
        }
    )


TARGET = pd.Series([0, 1, 0], name="TARGET")


def decided(ids=(7,), *, admitted=APPROVED, target=1, day=DAY, **features):
    n = len(ids)
    values = {"AMT": 2.5, "CHILDREN": 1.0, "JOB": "clerk"} | features
    return pd.DataFrame(
        {
            "prediction_id": [uuid.uuid5(uuid.NAMESPACE_OID, f"{day} {each} {i}") for i, each in enumerate(ids)],
            "SK_ID_CURR": list(ids),
            "decided_on": [day] * n,
            "admitted": [admitted] * n,
            "target": [target] * n,
            **{name: [value] * n for name, value in values.items()},
        }
    )


def test_without_outcomes_the_rows_are_the_clients_as_they_are():
    frame = clients()
    rows = combine(frame, TARGET, [])
    assert rows.frame is frame
    assert (rows.n_raw, rows.n_outcomes, rows.days, rows.left_out) == (3, 0, None, {})


def test_decisions_come_after_the_clients_in_the_order_of_their_days():
    later, earlier = decided([8], day=date(2026, 9, 1), target=0), decided([7])
    rows = combine(clients(), TARGET, [later, earlier])
    assert rows.frame["SK_ID_CURR"].tolist() == [1, 2, 3, 7, 8]
    assert rows.target.tolist() == [0, 1, 0, 1, 0]
    assert rows.days == (DAY, date(2026, 9, 1))
    assert rows.outcomes["SK_ID_CURR"].tolist() == [7, 8]


def test_the_kinds_of_the_present_features_stay_and_what_is_stored_beyond_them_is_ignored():
    rows = combine(clients(), TARGET, [decided(JOB=None, OLD_FEATURE=4.0)])
    assert rows.frame.dtypes.tolist() == clients().dtypes.tolist()
    last = rows.frame.iloc[-1]
    assert (last["AMT"], last["CHILDREN"], last["JOB"]) == (2.5, 1, None)


def test_a_missing_number_makes_a_column_of_whole_numbers_one_of_numbers():
    rows = combine(clients(), TARGET, [decided(CHILDREN=None)])
    assert rows.frame["CHILDREN"].tolist()[:3] == [0.0, 1.0, 2.0]
    assert np.isnan(rows.frame["CHILDREN"].iloc[-1])


def test_a_client_of_the_raw_labels_who_was_decided_later_has_both_rows_in_one_fold():
    rows = combine(clients(), TARGET, [decided([2, 9])])
    assert sorted(rows.frame["SK_ID_CURR"]) == [1, 2, 2, 3, 9]
    assert rows.n_known_clients == 1
    twice = rows.frame["SK_ID_CURR"] == 2
    assert len(set(fold_of(rows.frame.loc[twice, "SK_ID_CURR"].to_numpy()))) == 1


def test_decisions_that_lack_a_present_feature_are_left_out_and_named():
    old = decided([7, 8]).drop(columns=["AMT", "JOB"])
    rows = combine(clients(), TARGET, [old, decided([9])])
    assert rows.left_out == {"without 2 of 3 features, AMT, JOB": 2}
    assert rows.outcomes["SK_ID_CURR"].tolist() == [9]


def test_refusals_teach_only_where_a_lot_approved_them():
    rows = combine(clients(), TARGET, [decided([7], admitted=OVERRULED), decided([8], admitted=AT_RANDOM)])
    assert rows.outcomes["SK_ID_CURR"].tolist() == [8]
    assert rows.left_out == {"refusals that a person overruled": 1}


def test_text_in_the_place_of_a_number_leaves_the_decision_out():
    mixed = decided([7, 8])
    mixed["AMT"] = pd.Series(["much", 2.0], dtype=object)
    rows = combine(clients(), TARGET, [mixed])
    assert rows.outcomes["SK_ID_CURR"].tolist() == [8]
    assert rows.left_out == {"with text where the model takes numbers": 1}


def test_a_decision_found_twice_is_an_error_with_its_count():
    with pytest.raises(PortfolioError, match="1 decisions found twice; expected one current outcome"):
        combine(clients(), TARGET, [decided([7]), decided([7])])


def test_a_target_that_is_none_is_an_error_with_its_count():
    with pytest.raises(PortfolioError, match="1 targets other than 0 and 1"):
        combine(clients(), TARGET, [decided([7], target=2)])


def test_outcomes_are_new_when_the_training_before_had_them_not_or_otherwise():
    rows = combine(clients(), TARGET, [decided([7, 8, 9])])
    before = rows.outcomes.head(2).assign(prediction_id=lambda f: f["prediction_id"].astype(str), target=[1, 0])
    assert n_new(rows, before) == 2
    assert n_new(rows, rows.outcomes) == 0
    assert n_new(rows, rows.outcomes.head(0)) == n_new(rows, None) == 3


@pytest.mark.parametrize(
    ("fresh", "before", "other", "towards", "said"),
    [
        (0, None, False, [], ""),
        (0, "1", False, [DAY], "no new label since version 1, rows weighted towards 2026-08-01"),
        (5, "1", False, [], "5 new outcomes since version 1"),
        (0, "1", True, [], "raw labels of another file since version 1"),
        (5, None, False, [], "5 new outcomes"),
    ],
)
def test_a_training_says_what_it_goes_by(fresh, before, other, towards, said):
    assert answer_of(fresh, before=before, other_labels=other, towards=towards) == said


@settings(max_examples=40)
@given(st.data())
def test_every_decision_is_a_row_or_counted_once(data):
    frames = []
    for number in range(data.draw(st.integers(0, 4))):
        frame = decided(
            data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=5)),
            admitted=data.draw(st.sampled_from([APPROVED, AT_RANDOM, OVERRULED])),
            day=date(2026, 1, 1 + number),
            target=data.draw(st.sampled_from([0, 1])),
            AMT=data.draw(st.sampled_from([1.0, None, "text"])),
        )
        frames.append(frame.drop(columns=data.draw(st.sampled_from([[], ["JOB"]]))))
    rows = combine(clients(), TARGET, frames)
    assert rows.n_outcomes + sum(rows.left_out.values()) == sum(map(len, frames))
    assert len(rows.frame) == len(rows.target) == rows.n_raw + rows.n_outcomes
    assert rows.frame.head(3)["AMT"].tolist() == pytest.approx(clients()["AMT"].tolist(), nan_ok=True)
