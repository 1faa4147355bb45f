"""Counterfactuals: which single change of an application would bring it below the threshold.

Here: the changes that an applicant or a lender can make, and the smallest step of each that a model
approves. A change is made on the application form, and every feature that follows from it is computed
anew by the definitions of the features, so that what is scored is an application that can exist. Add a
change when somebody can act on it. Keep out: what nobody can change (age, external scores, the past),
and recording: a probe is no decision.

The model is asked step by step and not solved for: trees are not monotone, and a smaller loan may score
worse. What is found holds for this model and this application, and promises nothing.

Source of the idea: Wachter, Mittelstadt, Russell (2018), Counterfactual explanations without opening
the black box.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk.decision import APPROVED, decide

if TYPE_CHECKING:
    from credit_risk.features.form import FormProgram
    from credit_risk.scoring import Scorer

Value = float | str | None
Form = Mapping[str, Value]

# Twentieths down to a half: below that it is another application.
SMALLER = tuple(round(1 - 0.05 * step, 2) for step in range(1, 11))
# Tenths up to the double: what a second borrower may bring.
LARGER = tuple(round(1 + 0.1 * step, 1) for step in range(1, 11))
# Nobody plans further ahead with an application.
YEARS = (1.0, 2.0, 3.0)
DAYS_A_YEAR = 365.0

LOAN, PRICE, PAYMENT, INCOME = "AMT_CREDIT", "AMT_GOODS_PRICE", "AMT_ANNUITY", "AMT_INCOME_TOTAL"
EMPLOYED, CONTRACT = "DAYS_EMPLOYED", "NAME_CONTRACT_TYPE"
CASH = "Cash loans"


@dataclass(frozen=True)
class Change:
    """One way to change an application.

    Attributes:
        name: short, for a table.
        reads: fields of the form without which there is nothing to change.
        steps: from the smallest change to the largest.
        apply: the changed fields of a form by a step.
        words: the step as a person says it, from the form before and the changed fields.
    """

    name: str
    reads: tuple[str, ...]
    steps: tuple[float, ...]
    apply: Callable[[Form, float], dict[str, Value]]
    words: Callable[[Form, float], str]


@dataclass(frozen=True)
class Counterfactual:
    """What a change leads to.

    Attributes:
        change: its name.
        words: the smallest step that is approved; where none is, the step of the lowest probability.
        probability: after it.
        approved: whether it is below the threshold.
    """

    change: str
    words: str
    probability: float
    approved: bool


def _scaled(*names: str) -> Callable[[Form, float], dict[str, Value]]:
    return lambda form, step: {name: _number(form, name) * step for name in names if form.get(name) is not None}


def _number(form: Form, name: str) -> float:
    value = form[name]
    assert isinstance(value, float | int)
    return float(value)


def _money(form: Form, name: str, step: float) -> str:
    return f"{_number(form, name) * step:,.0f} instead of {_number(form, name):,.0f}"


CHANGES: tuple[Change, ...] = (
    Change(
        "smaller loan",
        (LOAN, PAYMENT),
        SMALLER,
        _scaled(LOAN, PRICE, PAYMENT),
        lambda form, step: f"a loan of {_money(form, LOAN, step)}, for cheaper goods and with payments to match",
    ),
    Change(
        "larger down payment",
        (LOAN, PRICE, PAYMENT),
        SMALLER,
        _scaled(LOAN, PAYMENT),
        lambda form, step: f"a loan of {_money(form, LOAN, step)} for the same goods",
    ),
    Change(
        "longer term",
        (PAYMENT,),
        SMALLER,
        _scaled(PAYMENT),
        lambda form, step: f"yearly payments of {_money(form, PAYMENT, step)} for the same loan",
    ),
    Change(
        "more income",
        (INCOME,),
        LARGER,
        _scaled(INCOME),
        lambda form, step: f"a yearly income of {_money(form, INCOME, step)}, as of a second borrower",
    ),
    Change(
        "later",
        (EMPLOYED,),
        YEARS,
        lambda form, step: {EMPLOYED: _number(form, EMPLOYED) - DAYS_A_YEAR * step},
        lambda _, step: f"{step:.0f} more {'year' if step == 1 else 'years'} with the same employer",
    ),
    Change(
        "cash loan",
        (CONTRACT,),
        (1.0,),
        lambda form, _: {} if form[CONTRACT] == CASH else {CONTRACT: CASH},
        lambda *_: "a cash loan instead of a revolving one",
    ),
)

# 34 probes of less than a millisecond each.
MOST_PROBES = sum(len(change.steps) for change in CHANGES)


def counterfactuals(scorer: "Scorer", program: "FormProgram", features: Form) -> tuple[Counterfactual, ...]:
    """What single changes would lead to, those that are approved first, then by probability.

    Args:
        scorer: the model that decided.
        program: computes the features of a form.
        features: of the decision by name, as they were scored; at most `MOST_PROBES` changed ones are scored.
    """
    from credit_risk.features.form import FIELDS

    form = {name: features[name] for name in FIELDS if features.get(name) is not None}
    history = {name: features.get(name) for name in program.history}
    before = program.features(form, history)
    found = []
    for change in CHANGES:
        if any(form.get(name) is None for name in change.reads):
            continue
        reached = []
        for step in change.steps:
            changed = change.apply(form, step)
            if not changed:
                continue
            after = program.features({**form, **changed}, history)
            # What the form could not compute before, it cannot compute now: that stays as it was scored.
            moved = {name: after[name] for name in program.names if after[name] != before[name]}
            probability = _probability(scorer, {**features, **moved})
            approved = decide(probability, scorer.manifest.threshold) == APPROVED
            reached.append(Counterfactual(change.name, change.words(form, step), probability, approved))
            if approved:
                break
        if reached:
            # The last one is the first that is approved.
            found.append(min(reached, key=lambda one: (not one.approved, one.probability)))
    return tuple(sorted(found, key=lambda one: (not one.approved, one.probability)))


def _probability(scorer: "Scorer", features: Form) -> float:
    accepted = {feature.name for feature in scorer.manifest.feature_set.accepted}
    return scorer.score({name: value for name, value in features.items() if name in accepted}).probability
