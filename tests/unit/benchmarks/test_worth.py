import numpy as np
import pandas as pd
import pytest

from benchmarks.redundancy import Redundancy
from benchmarks.worth import difference, difference_table, family_table, judged, redundancy_lines, set_table, without
from benchmarks.worth_sets import Labels

READ = {"A": frozenset(["bureau"]), "B": frozenset(["application"]), "C": frozenset(["application", "bureau"])}


@pytest.fixture(scope="module")
def models():
    """A model on what makes the label, and one on noise."""
    rng = np.random.default_rng(0)
    clients = np.arange(1000)
    signal = rng.standard_normal(1000)
    rows = Labels(clients, (signal + rng.standard_normal(1000) > 1.5).astype(np.int64))
    telling = pd.DataFrame({"SK_ID_CURR": clients, "A": signal, "B": rng.standard_normal(1000)})
    noise = pd.DataFrame({"SK_ID_CURR": clients, "B": rng.standard_normal(1000)})
    return {"telling": judged("telling", telling, rows), "noise": judged("noise", noise, rows)}


def test_what_tells_the_outcome_gains_auc_and_saves_cost(models):
    gain = difference(models["telling"], models["noise"])
    assert gain["AUC"].low > 0
    assert gain["business cost"].high < 0


def test_a_model_gains_nothing_over_itself(models):
    gain = difference(models["noise"], models["noise"])
    assert (gain["AUC"].value, gain["business cost"].value) == (0, 0)


def test_tables_have_a_row_a_set_and_a_pair(models):
    named = {"application": models["noise"], "kernel": models["noise"], "ours": models["telling"]}
    assert [line.split(" | ")[0] for line in list(set_table(named))[2:]] == [
        "| application form, as it is",
        "| the kernel's columns",
        "| ours",
    ]
    first = list(difference_table(named))[2].split(" | ")
    # Gained AUC and saved cost are both told as good when positive.
    assert float(first[1].split()[0]) > 0
    assert float(first[2].split()[0]) > 0


def test_the_share_of_gain_goes_to_the_source_of_the_feature(models):
    rows = [line.split(" | ") for line in list(family_table(models["telling"], {}, READ))[2:]]
    assert [row[0] for row in rows] == ["| application", "| bureau"]
    assert float(rows[1][2].rstrip(" |%")) > 50


def test_leaving_a_source_out_takes_the_features_that_need_it():
    frame = pd.DataFrame({"SK_ID_CURR": [1], "A": [1.0], "B": [1.0], "C": [1.0]})
    assert list(without(frame, "bureau", READ).columns) == ["SK_ID_CURR", "B"]


def test_pairs_beyond_the_page_are_counted():
    lines = list(redundancy_lines(Redundancy(("X",), (("Y", "Z"),), (("A", "B", 0.9999),) * 25), 500))
    assert lines[0].startswith("500 model features. Constant: 1; groups of exact duplicates:")
    assert lines[-1] == "- and 5 pairs more"
