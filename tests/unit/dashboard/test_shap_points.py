import numpy as np
import pandas as pd
import pytest

from credit_risk.scoring import Scorer
from dashboard.shap_points import shap_points


@pytest.fixture(scope="module")
def scorer(tiny_model):
    model = tiny_model("1")
    return Scorer(model.booster_text, model.manifest)


@pytest.fixture
def applicants():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "AMT_CREDIT": rng.lognormal(13, 0.6, 40),
            "AMT_INCOME": rng.lognormal(12, 0.5, 40),
            "EXT_SOURCE_1": np.where(rng.random(40) < 0.3, np.nan, rng.random(40)),
            "DAYS_BIRTH": -rng.uniform(7_500, 25_000, 40),
            "ORGANIZATION_TYPE": rng.choice(["School", "Trade", "XNA"], 40),
        }
    )


def test_the_weightiest_features_come_first(scorer, applicants):
    points = shap_points(scorer, applicants, top=5)
    weight = points.groupby("feature", sort=False)["contribution"].apply(lambda c: c.abs().mean())
    assert list(weight) == sorted(weight, reverse=True)
    assert len(points) == 5 * 40


def test_contributions_are_those_of_the_model(scorer, applicants):
    points = shap_points(scorer, applicants, top=5)
    row = scorer.manifest.feature_set.encode_frame(applicants)[7]
    by_name = points[points["applicant"] == 7].set_index("feature")["contribution"]
    assert by_name.to_dict() == dict(zip(scorer.scored_names, scorer.contributions(row), strict=True))


def test_categories_and_missing_values_have_no_rank(scorer, applicants):
    points = shap_points(scorer, applicants, top=5)
    assert points.loc[points["feature"] == "ORGANIZATION_TYPE", "rank"].isna().all()
    ext = points[points["feature"] == "EXT_SOURCE_1"]
    assert ext["rank"].isna().to_list() == applicants["EXT_SOURCE_1"].isna().to_list()
