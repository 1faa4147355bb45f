import pytest

from credit_risk.training_parameters import TrainingParameters


@pytest.mark.parametrize("n_rows", [300, 6_000, 49_999, 50_000, 300_000])
def test_a_leaf_holds_a_small_part_of_the_rows(n_rows):
    parameters = TrainingParameters.for_size(n_rows)
    assert 10 <= parameters.min_data_in_leaf <= max(10, 0.01 * n_rows)


def test_threads_are_as_asked_for():
    assert TrainingParameters.for_size(300, num_threads=2).to_lightgbm()["num_threads"] == 2
    assert TrainingParameters.for_size(300_000).to_lightgbm()["num_threads"] == 0


def test_the_booster_is_deterministic_and_knows_no_class_weights():
    options = TrainingParameters().to_lightgbm()
    assert options["deterministic"]
    assert not {"is_unbalance", "scale_pos_weight"} & set(options)
