"""The page of a day: what it says, that it is whole in itself, and that no name can break it."""

import re
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import compute_drift_report
from credit_risk.report_page.distribution import distribution
from credit_risk.report_page.operations import operations
from credit_risk.report_page.page import MOST_ROWS, DayFigures, pictures, render
from credit_risk.report_page.pictures import HistoryDay, distribution_picture
from credit_risk.report_page.svg import alone

DAY = date(2026, 11, 20)
EVIL = '<script>alert(1)</script>"&'


def sample(rng, n, shift=0.0):
    frame = pd.DataFrame(rng.normal(size=(n, 8)) + shift, columns=[f"FEATURE_{i}" for i in range(8)])
    frame[EVIL] = rng.normal(size=n) + shift
    frame["KIND"] = rng.choice(["a", "<b>"], n)
    return frame


def figures_of(n=200, shift=0.0):
    rng = np.random.default_rng(0)
    reference, current = sample(rng, 500), sample(rng, n, shift)
    report = compute_drift_report(reference, current)
    decisions = pd.DataFrame(
        {
            "created_at": pd.Timestamp(DAY, tz="UTC") + pd.to_timedelta(rng.integers(0, 86_400, n), unit="s"),
            "decision": "APPROVED",
            "model_version": "3",
            "inference_time_ms": 0.3,
            "n_features_missing": 1,
        }
    )
    scores = distribution("probability", pd.Series(rng.random(400)), pd.Series(rng.random(n)))
    return DayFigures(
        day=DAY,
        model_version="3",
        n_reference=500,
        report=report,
        descriptions={"FEATURE_0": "what it is <b>"},
        distributions=[distribution(name, reference[name], current[name]) for name in [EVIL, "KIND"]],
        history=[HistoryDay(DAY - timedelta(days=1), "warning", 12.5, 300)],
        scores=scores,
        threshold=0.4,
        score={"size": 0.05, "p_value": 0.5, "drifted": False, "mean_reference": 0.1, "mean_window": 0.11},
        multivariate={"auc": 0.8, "null_low": 0.45, "null_high": 0.55, "p_value": 0.01, "strongest": ("FEATURE_0",)},
        operations=operations(decisions),
        evidently="2026-11-20.evidently.html",
    )


@pytest.fixture(scope="module")
def moved():
    return figures_of(shift=2.0)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_says_status_counts_and_both_rules(moved):
    text = text_of(render(moved))
    assert "Alert 9 of 10 monitored features drifted (90 %)" in text
    assert "200 decisions were compared with 500 clients that model&nbsp;3 was trained on" in text
    for rule in ("corrected", "classic"):
        verdict = moved.report.by_rule[rule]
        assert re.search(rf"Rule {rule} (decides )?{verdict.status} · {verdict.n_features_drifted} of 10", text)


def test_the_page_asks_nobody_for_anything(moved):
    page = render(moved)
    assert len(page) < 200_000
    assert re.findall(r"""(?:src|href)=["']([^"']*)""", page) == ["2026-11-20.evidently.html"]
    assert not re.search(r"url\(|@import|<script|<link", page.replace("&lt;script", ""))
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme:dark" in page


def test_a_name_cannot_break_the_page(moved):
    page = render(moved)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "what it is &lt;b&gt;" in page


def test_every_drifted_feature_is_told_with_its_figures(moved):
    text = text_of(render(moved).replace("<wbr>", ""))
    for row in moved.report.details[lambda rows: rows["drifted"]].itertuples():
        if row.feature != EVIL:
            assert re.search(rf"{row.feature} drifted .*?number {row.size:.3f}", text)


def test_those_that_drifted_beyond_the_first_are_folded_away(moved):
    details = pd.concat([moved.report.details.assign(drifted=True)] * 2, ignore_index=True)
    page = render(replace(moved, report=replace(moved.report, details=details)))
    shown, folded = page.split(f"<summary>{len(details) - MOST_ROWS} more that drifted</summary>")
    assert shown.count('<tr class="drifted">') == MOST_ROWS
    assert folded.count('<tr class="drifted">') == len(details) - MOST_ROWS


@pytest.mark.parametrize(("rule", "said"), [("corrected", True), ("classic", False)])
def test_the_least_size_is_told_where_the_rule_has_one(moved, rule, said):
    page = render(replace(moved, report=replace(moved.report, rule=rule)))
    assert ("below 0.1 a change does not count" in page) is said


def test_a_quiet_day_says_so():
    text = text_of(render(figures_of()))
    assert "Stable 0 of 10 monitored features drifted (0 %)" in text
    assert "No monitored feature drifted." in text


def test_a_sampled_day_says_so(moved):
    sampled = replace(moved, report=replace(moved.report, n_predictions=250_000))
    assert "250,000 decisions were compared" in text_of(render(sampled))
    assert "a sample of 200" in text_of(render(sampled))


def test_a_day_of_an_older_system_has_a_page_without_scores(moved):
    page = render(replace(moved, scores=None, score=None, multivariate=None, evidently=None))
    assert "No decision of this day was made by model 3" in text_of(page)
    assert "href" not in page


def test_a_day_without_decisions_has_a_page():
    empty = figures_of(n=0)
    page = text_of(render(replace(empty, operations=operations(pd.DataFrame()), scores=None, score=None)))
    assert "Too few decisions for a verdict" in page


def test_pictures_are_well_formed_alone_and_in_the_page(moved):
    made = pictures(moved)
    assert list(made) == ["share_over_time", "score_distribution", "volume_by_hour"]
    for picture in [*made.values(), *(distribution_picture(shape) for shape in moved.distributions)]:
        drawn = ET.fromstring(alone(picture))  # noqa: S314  # our own
        # A size, for viewers that know of no other; its viewBox lets it grow and shrink.
        assert drawn.get("viewBox") == f"0 0 {drawn.get('width')} {drawn.get('height')}"
        # The first that is drawn: whatever ground the viewer has, words and bars stand on their own.
        assert next(part.get("class") for part in drawn if part.get("class")) == "ground"


def test_a_day_before_is_a_bar_of_its_status(moved):
    picture = pictures(moved)["share_over_time"]
    assert f"{DAY - timedelta(days=1)}: warning, 12 % of 300 decisions" in picture
    assert 'class="warning"' in picture
