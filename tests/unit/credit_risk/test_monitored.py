from credit_risk.monitored import monitored_features

GAINS = {"B": 1.0, "A": 1.0, "C": 5.0, "D": 0.0}


def test_the_most_important_come_first_and_equal_ones_by_name():
    assert monitored_features(GAINS, 3) == ("C", "A", "B")


def test_all_means_all():
    assert monitored_features(GAINS, "all") == ("C", "A", "B", "D")


def test_thirty_is_the_default():
    assert len(monitored_features({f"F{i}": float(i) for i in range(100)})) == 30


def test_a_small_model_is_watched_on_what_it_has():
    assert len(monitored_features(GAINS)) == 4
