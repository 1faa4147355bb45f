import pytest

from credit_risk.errors import ModelError
from credit_risk.gate.criterion import not_judged
from credit_risk.gate.verdict import Verdict
from resources.lake import Lake
from resources.model_comparisons import ModelComparisons, comparison_file


@pytest.fixture
def comparisons(tmp_path):
    return ModelComparisons(Lake(str(tmp_path)))


def verdict(champion):
    return Verdict("2", champion, promote=False, reason="no better", criteria=(not_judged("latency", "not measured"),))


def test_a_verdict_is_kept_by_its_challenger_and_a_later_one_takes_its_place(comparisons):
    comparisons.store(verdict("1"))
    assert comparisons.get("2") == comparisons.find("2") == verdict("1")
    comparisons.store(verdict("3"))
    assert comparisons.get("2").champion == "3"


def test_what_was_never_compared_is_not_found(comparisons):
    assert comparisons.find("7") is None
    with pytest.raises(ModelError, match="found no comparison of model 7; expected models/7/comparison"):
        comparisons.get("7")


def test_a_file_that_is_no_verdict_is_told(comparisons):
    comparisons.lake.write_bytes(comparison_file("2"), b"{}")
    with pytest.raises(ModelError, match="a comparison of models that cannot be read"):
        comparisons.find("2")
