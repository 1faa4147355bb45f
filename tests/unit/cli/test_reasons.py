import pytest

from cli.reasons import check
from credit_risk.errors import SettingsError


def test_the_catalogue_in_use_is_checked_without_a_file(capsys, monkeypatch):
    monkeypatch.delenv("CREDIT_REASONS", raising=False)
    check(None)
    assert "features, each with a reason" in capsys.readouterr().out


def test_a_file_that_leaves_features_out_is_refused(tmp_path):
    file = tmp_path / "reasons.yaml"
    file.write_text("reasons: [{code: SCORE, against: a, in_favour: b, unknown: c, features: ['*EXT_SOURCE*']}]")
    with pytest.raises(SettingsError, match="AMT_INCOME_TOTAL"):
        check(file)
