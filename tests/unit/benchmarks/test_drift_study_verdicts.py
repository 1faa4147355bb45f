import numpy as np
import pandas as pd
import pytest

from benchmarks.drift_study_population import FEATURES, NUMBERS, PRESENT_FAMILY, Population, Shift
from benchmarks.drift_study_verdicts import ALTERNATIVES, Comparison
from credit_risk.drift import RULES, PreparedReference, compute_drift_report

SHIFTS = (Shift("mean", 0.5), Shift("missing", 0.15), Shift("mix", 0.2))


@pytest.fixture(scope="module", params=[60, 1_500])
def drawn(request):
    people = Population("correlated", seed=1, clients=5_000)
    rng = np.random.default_rng(2)
    reference = pd.DataFrame(people.clean(people.draw(rng, 2_000)))
    clients = people.draw(rng, request.param)
    columns = {"": people.clean(clients)}
    columns |= {str(shift): people.moved(clients, shift, FEATURES, rng) for shift in SHIFTS}
    return reference, columns, Comparison(PreparedReference.of(reference), columns)


@pytest.mark.parametrize("moved", [(), PRESENT_FAMILY[:1], PRESENT_FAMILY, FEATURES], ids=["none", "1", "12", "30"])
@pytest.mark.parametrize("shift", SHIFTS, ids=lambda shift: shift.kind)
def test_verdicts_are_those_of_the_report(drawn, shift, moved):
    reference, columns, comparison = drawn
    window = columns[""] | {name: columns[str(shift)][name] for name in moved}
    report = compute_drift_report(reference, pd.DataFrame(window)[list(FEATURES)])
    tallies = comparison.tallies(str(shift), moved, RULES)
    for rule, verdict in report.by_rule.items():
        flagged = report.details.loc[report.details[f"drifted_{rule}"], "feature"]
        assert tallies[rule].touched == (verdict.n_features_drifted > 0)
        assert tallies[rule].warnings == (verdict.status in {"warning", "alert"})
        assert tallies[rule].alerts == (verdict.status == "alert")
        assert (tallies[rule].moved, tallies[rule].hits) == (len(moved), flagged.isin(moved).sum())


def test_the_default_rule_is_among_the_alternatives_and_judges_alike(drawn):
    _, _, comparison = drawn
    default = RULES["corrected"]
    tallies = comparison.tallies(str(SHIFTS[0]), FEATURES, {**RULES, **ALTERNATIVES})
    assert tallies[f"{default.alpha:g}/{default.min_size:g}"] == tallies["corrected"]


def test_small_p_values_and_the_largest_size_are_counted_whatever_the_rule(drawn):
    reference, columns, comparison = drawn
    shift = SHIFTS[1]
    report = compute_drift_report(reference, pd.DataFrame(columns[str(shift)]), features=NUMBERS)
    tallies = comparison.tallies(str(shift), NUMBERS, RULES)
    assert tallies["corrected"].largest >= report.details["size"].max()
    assert tallies["corrected"].significant == tallies["classic"].significant >= len(PRESENT_FAMILY)
