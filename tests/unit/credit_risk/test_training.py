import dataclasses

import numpy as np
import pandas as pd
import pytest

from credit_risk.business_cost import business_cost
from credit_risk.errors import PortfolioError
from credit_risk.evaluation import auc
from credit_risk.folds import fold_of
from credit_risk.training import train
from credit_risk.training_parameters import TrainingParameters

FEW_ROUNDS = dataclasses.replace(TrainingParameters.for_size(300), max_rounds=60)


def trees(model):
    return model.booster_text.split("\nparameters:")[0]


def test_out_of_fold_predictions_are_one_a_client_in_the_order_of_the_frame(trained, portfolio):
    frame, target = portfolio
    out_of_fold = trained.out_of_fold
    assert out_of_fold["SK_ID_CURR"].tolist() == frame["SK_ID_CURR"].tolist()
    assert out_of_fold["fold"].tolist() == fold_of(frame["SK_ID_CURR"]).tolist()
    assert out_of_fold["target"].tolist() == target.tolist()
    assert out_of_fold["weight"].tolist() == [1.0] * len(frame)


def test_it_ranks_defaults_first(trained):
    assert 0.75 < trained.metrics["auc_low"] < trained.metrics["auc"] < trained.metrics["auc_high"]


def test_labels_without_signal_are_not_learnt(make_portfolio):
    frame, target = make_portfolio(600)
    shuffled = np.random.default_rng(0).permutation(target)
    model = train(frame, shuffled, parameters=FEW_ROUNDS)
    # A fold that had seen its own rows would rank them far better than this.
    assert model.metrics["auc_low"] <= 0.5


def test_probabilities_mean_what_they_say(trained):
    out_of_fold = trained.out_of_fold
    assert out_of_fold["probability"].mean() == pytest.approx(out_of_fold["target"].mean(), abs=0.002)
    assert trained.metrics["expected_calibration_error"] < 0.04


def test_the_threshold_is_the_cheapest_out_of_fold(trained):
    target, probability = (trained.out_of_fold[c].to_numpy(float) for c in ("target", "probability"))
    costs = [business_cost(target, probability, t) for t in np.linspace(0, 1, 201)]
    assert trained.metrics["business_cost"] <= min(costs)
    assert business_cost(target, probability, trained.threshold) == trained.metrics["business_cost"]


def test_importances_rank_the_signal_first_and_keep_the_useless(trained):
    assert next(iter(trained.importances)) == "EXT_SOURCE_1"
    assert trained.importances["CONSTANT"] == trained.importances["EMPTY"] == 0
    assert list(trained.importances.values()) == sorted(trained.importances.values(), reverse=True)
    assert set(trained.importances) == set(trained.feature_set.scored_names)


def test_protected_features_are_scored_only_when_asked_for(trained, make_portfolio):
    assert "CODE_GENDER" not in trained.importances
    readmitted = train(*make_portfolio(300), parameters=FEW_ROUNDS, score_protected=True)
    assert "CODE_GENDER" in readmitted.importances


def test_the_same_rows_make_the_same_model_on_any_number_of_threads(make_portfolio):
    # A busy machine makes threads wait for each other: few rounds show what many would.
    first, second = (
        train(*make_portfolio(300), parameters=dataclasses.replace(FEW_ROUNDS, max_rounds=10, num_threads=n))
        for n in (1, 2)
    )
    assert trees(first) == trees(second)
    pd.testing.assert_frame_equal(first.out_of_fold, second.out_of_fold)
    assert first.metrics == second.metrics


def test_rounds_after_the_best_leave_no_trace(trained, portfolio):
    parameters, rounds = TrainingParameters.for_size(len(portfolio[0])), trained.parameters["rounds"]
    exact = train(*portfolio, parameters=dataclasses.replace(parameters, max_rounds=rounds))
    assert rounds < parameters.max_rounds
    assert trees(exact) == trees(trained)
    pd.testing.assert_frame_equal(exact.out_of_fold, trained.out_of_fold)


def test_weights_move_the_model_towards_what_they_stress(make_portfolio):
    frame, target = make_portfolio(600)
    drivers = (frame["OCCUPATION_TYPE"] == "driver").to_numpy()
    model = train(frame, target, parameters=FEW_ROUNDS, weights=np.where(drivers, 4.0, 1.0))
    assert trees(model) != trees(train(frame, target, parameters=FEW_ROUNDS))
    weight = model.out_of_fold["weight"]
    assert weight.mean() == pytest.approx(1)
    assert weight[drivers].min() == pytest.approx(4 * weight[~drivers].max())
    weighted_rate = np.average(target, weights=weight)
    assert model.metrics["default_rate"] == pytest.approx(weighted_rate)
    assert np.average(model.out_of_fold["probability"], weights=weight) == pytest.approx(weighted_rate, abs=0.01)


def test_progress_is_told_for_folds_and_final(make_portfolio):
    told = []
    train(*make_portfolio(300), parameters=FEW_ROUNDS, progress=told.append)
    assert told[0].stage == "folds"
    assert "round 50 of at most 60, out-of-fold log-loss 0." in str(told[0])


def test_the_rounds_are_one_count_for_all_boosters(trained):
    assert trees(trained).count("\nTree=") == trained.parameters["rounds"]


def test_out_of_fold_ranking_predicts_new_clients(trained, manifest, make_portfolio):
    from credit_risk.scoring import Scorer

    frame, target = make_portfolio(3000, seed=5)
    fresh = auc(target.astype(float), Scorer(trained.booster_text, manifest).probabilities(frame))
    assert trained.metrics["auc_low"] - 0.02 < fresh < trained.metrics["auc_high"] + 0.02


def test_everything_wrong_with_the_rows_is_named_at_once(make_portfolio):
    frame, target = make_portfolio(50)
    frame.loc[1, "SK_ID_CURR"] = frame.loc[0, "SK_ID_CURR"]
    weights = np.where(np.arange(50) < 3, 0.0, 1.0)
    labels = np.where(np.arange(50) < 2, np.nan, target)
    expected = "1 clients found twice, 2 labels other than 0 and 1, 3 weights that are not positive"
    with pytest.raises(PortfolioError, match=expected):
        train(frame, labels, weights=weights)


def test_labels_of_another_length_are_refused(make_portfolio):
    frame, target = make_portfolio(50)
    with pytest.raises(PortfolioError, match="50 rows, 49 labels and 50 weights"):
        train(frame, target[1:])


def test_too_few_defaults_are_refused_with_their_number(make_portfolio):
    frame, target = make_portfolio(50)
    with pytest.raises(PortfolioError, match=r"folds hold \[.*\] defaults"):
        train(frame, np.where(np.arange(50) < 3, target, 0))


def test_a_frame_without_clients_key_is_refused(make_portfolio):
    frame, target = make_portfolio(50)
    with pytest.raises(PortfolioError, match="no column SK_ID_CURR"):
        train(frame.drop(columns="SK_ID_CURR"), target)
