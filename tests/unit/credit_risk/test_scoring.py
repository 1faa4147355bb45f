import dataclasses
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import ApplicationError, ModelError
from credit_risk.scoring import Scorer, booster_sha256

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.fixed_dictionaries(
    {
        "EXT_SOURCE_1": NUMBERS,
        "CREDIT_RATIO": NUMBERS,
        "NOISE": NUMBERS,
        "CONSTANT": NUMBERS,
        "EMPTY": NUMBERS,
        "EMPTY_TEXT": st.none() | st.just("text"),
        "OCCUPATION_TYPE": st.none() | st.sampled_from(["driver", "clerk", "nurse", "astronaut"]),
    }
)
NUMERIC = ["EXT_SOURCE_1", "CREDIT_RATIO", "NOISE", "CONSTANT", "EMPTY"]


@pytest.fixture(scope="module")
def scorer(trained, manifest):
    return Scorer(trained.booster_text, manifest)


@pytest.fixture(scope="module")
def applications(portfolio):
    records = portfolio[0].drop(columns="SK_ID_CURR").head(300).to_dict("records")
    return [{name: value for name, value in row.items() if not pd.isna(value)} for row in records]


@settings(max_examples=50)
@given(rows=st.lists(ROWS, min_size=1, max_size=10))
def test_one_application_and_its_batch_get_the_same_bits(scorer, rows):
    frame = pd.DataFrame(rows).astype(dict.fromkeys(NUMERIC, "float64"))
    one_by_one = np.array([scorer.score(row).probability for row in rows])
    assert scorer.probabilities(frame).tobytes() == one_by_one.tobytes()


def test_every_row_of_a_portfolio_gets_the_bits_of_the_batch(scorer, portfolio):
    frame = portfolio[0].drop(columns="SK_ID_CURR")
    frame.loc[::7, "OCCUPATION_TYPE"] = "astronaut"
    frame.loc[::11] = None
    sent = [
        {name: None if pd.isna(value) else value for name, value in row.items()} for row in frame.to_dict("records")
    ]
    left_out = [{name: value for name, value in row.items() if value is not None} for row in sent]
    expected = scorer.probabilities(frame).tobytes()
    assert np.array([scorer.score(row).probability for row in sent]).tobytes() == expected
    assert np.array([scorer.score(row).probability for row in left_out]).tobytes() == expected


def test_contributions_add_up_to_the_raw_score_of_every_row(scorer, applications):
    booster = lightgbm.Booster(model_str=scorer._booster_text)
    rows = [scorer.score(application).row for application in applications]
    sums = [scorer.contributions(row).sum() + scorer.contributions.base_value for row in rows]
    np.testing.assert_allclose(sums, booster.predict(np.array(rows), raw_score=True), rtol=0, atol=1e-9)


def test_contributions_come_in_the_order_of_the_scored_names(scorer):
    row = scorer.score({"EXT_SOURCE_1": -2.0}).row
    by_name = dict(zip(scorer.scored_names, scorer.contributions(row), strict=True))
    # The signal of the portfolio: a low external score defaults.
    assert by_name["EXT_SOURCE_1"] == max(by_name.values()) > 0
    assert by_name["EMPTY"] == 0


def test_threads_share_a_scorer(scorer, applications, portfolio):
    expected = scorer.probabilities(portfolio[0].head(300)).tolist()
    with ThreadPoolExecutor(8) as pool:
        scores = list(pool.map(scorer.score, applications * 5))
        explained = list(pool.map(scorer.contributions, [score.row for score in scores]))
    assert [score.probability for score in scores] == expected * 5
    assert np.array(explained[:300]).tobytes() == np.array(explained[-300:]).tobytes()


def test_a_probability_lies_between_zero_and_one_and_ranks_defaults_first(scorer, portfolio):
    frame, target = portfolio
    probabilities = scorer.probabilities(frame)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    assert probabilities[target == 1].mean() > 2 * probabilities[target == 0].mean()


def test_nothing_known_is_scored_with_everything_missing(scorer):
    assert scorer.score({}).n_features_missing == len(scorer.manifest.feature_set.scored)


def test_protected_features_do_not_move_a_score(scorer, applications):
    turned = [row | {"CODE_GENDER": "M" if row["CODE_GENDER"] == "F" else "F"} for row in applications]
    assert [scorer.score(row) for row in turned] == [scorer.score(row) for row in applications]


def test_an_unknown_feature_is_refused(scorer):
    with pytest.raises(ApplicationError, match="EXT_SOURCE_9: unknown feature"):
        scorer.score({"EXT_SOURCE_9": 1.0})


def test_no_application_has_no_probability(scorer, portfolio):
    assert scorer.probabilities(portfolio[0].head(0)).shape == (0,)


def test_a_truncated_booster_is_refused(trained, manifest):
    with pytest.raises(ModelError, match="a booster text with SHA-256"):
        Scorer(trained.booster_text[:-1000], manifest)


def test_a_text_that_is_no_booster_is_refused(manifest):
    named = dataclasses.replace(manifest, booster_sha256=booster_sha256("no booster"))
    with pytest.raises(ModelError, match="LightGBM cannot read"):
        Scorer("no booster", named)


def test_a_booster_with_other_columns_is_refused(trained, manifest):
    features = dataclasses.replace(manifest.feature_set, scored=manifest.feature_set.scored[::-1])
    with pytest.raises(ModelError, match="columns are not the scored features"):
        Scorer(trained.booster_text, dataclasses.replace(manifest, feature_set=features))


def test_importing_the_scorer_loads_no_heavy_library():
    code = "import json, sys, credit_risk.scoring; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert not {"lightgbm", "sklearn", "matplotlib", "dagster", "fastapi"} & set(loaded)
