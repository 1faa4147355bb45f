import numpy as np
import pandas as pd
import pytest

from benchmarks.features_pipeline import SOURCES, Pipeline
from benchmarks.worth_sets import ACROSS, APPLICATION, families, family_of, frame_of, labels
from credit_risk.errors import PortfolioError
from credit_risk.features.client import FEATURES
from credit_risk.folds import fold_of


@pytest.fixture(scope="module")
def pipeline(csv_folder, tmp_path_factory):
    pipeline = Pipeline(csv_folder, tmp_path_factory.mktemp("worth"))
    pipeline.load(["application_train"])
    return pipeline


def test_every_feature_of_ours_comes_from_known_sources():
    read = families()
    assert set(read) == {term.name for term in FEATURES}
    assert set().union(*read.values()) == set(SOURCES)


def test_a_feature_of_two_sources_is_of_no_family():
    read = families()
    assert any(family_of(name, read) == ACROSS for name in read)
    assert family_of("AMT_CREDIT", read) == APPLICATION


def test_a_sample_is_the_same_in_every_run_and_part_of_a_larger_one(pipeline):
    small, large = labels(pipeline, 50), labels(pipeline, 150)
    assert np.array_equal(small.clients, labels(pipeline, 50).clients)
    assert set(small.clients) < set(large.clients)
    assert set(fold_of(small.clients)) == {0, 1, 2, 3, 4}


def test_more_clients_than_there_are_is_an_error(pipeline):
    with pytest.raises(PortfolioError, match="at least 100000"):
        labels(pipeline, 100_000)


def test_labels_stay_with_their_clients(pipeline, csv_folder):
    rows = labels(pipeline, 50)
    file = pd.read_csv(csv_folder / "application_train.csv", usecols=["SK_ID_CURR", "TARGET"]).set_index("SK_ID_CURR")
    assert np.array_equal(file["TARGET"].loc[rows.clients], rows.target)
    assert np.array_equal(frame_of(APPLICATION, pipeline, rows)["SK_ID_CURR"], rows.clients)


def test_no_set_holds_the_label_or_a_protected_column(pipeline):
    columns = frame_of(APPLICATION, pipeline, labels(pipeline, None)).columns
    assert {"TARGET", "CODE_GENDER", "NAME_FAMILY_STATUS"}.isdisjoint(columns)
    assert "AMT_CREDIT" in columns
