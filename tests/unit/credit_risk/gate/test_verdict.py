import json

import pytest

from credit_risk.errors import ModelError
from credit_risk.gate.verdict import Verdict


def test_a_verdict_comes_back_from_json_as_it_was(contender, judged):
    for champion in (None, contender("1", 0.6)):
        verdict = judged(contender("2", 0.5), champion)
        assert Verdict.from_json(verdict.to_json()) == verdict


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "TypeError|AttributeError"),
        ("{", "JSONDecodeError"),
        ("{}", "KeyError: 'format'"),
        (json.dumps({"format": 1, "criteria": [], "cost_difference": None, "overlap": None}), "missing"),
    ],
)
def test_what_is_no_verdict_is_told(text, found):
    with pytest.raises(ModelError, match=f"a comparison of models that cannot be read .*({found})"):
        Verdict.from_json(text)


def test_a_verdict_of_another_format_is_refused(contender, judged):
    values = json.loads(judged(contender("1", 0.5), None).to_json())
    with pytest.raises(ModelError, match="format 2"):
        Verdict.from_json(json.dumps({**values, "format": 2}))


def test_the_table_holds_every_figure(contender, judged):
    verdict = judged(contender("2", 0.4), contender("1", 0.5))
    table = verdict.criteria_frame()
    assert table["criterion"].tolist()[:4] == ["business cost", "AUC", "calibration", "improvement"]
    cost = table.iloc[0]
    assert cost["difference"] == pytest.approx(cost["challenger"] - cost["champion"])
