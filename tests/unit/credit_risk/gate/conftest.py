"""Made-up models of one truth: scores are the true risk of 8,000 clients, blurred and moved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_risk.business_cost import cost_curve
from credit_risk.gate.contender import Contender, meet
from credit_risk.gate.judge import Evidence, judge

N = 8000
RNG = np.random.default_rng(0)
LOGIT = RNG.normal(-2.8, 1.2, N)
TARGET = (RNG.random(N) < 1 / (1 + np.exp(-LOGIT))).astype(int)
CLIENTS = np.arange(100_001, 100_001 + N)


@pytest.fixture
def truth():
    """SK_ID_CURR, target and true log-odds of the clients."""
    return pd.DataFrame({"SK_ID_CURR": CLIENTS, "target": TARGET, "logit": LOGIT})


@pytest.fixture
def contender():
    """`contender(version, blur)`: a model whose log-odds are the truth with noise of `blur`.

    `bias` moves its probabilities and not its decisions; `logit` replaces the truth; `clients` are
    the rows it was trained on.
    """

    def make(version, blur, *, clients=None, weight=1.0, seed=0, bias=0.0, logit=LOGIT):
        clients = np.arange(N) if clients is None else clients
        noise = np.random.default_rng([seed, round(100 * blur)]).normal(size=N)
        probability = 1 / (1 + np.exp(-(logit + blur * noise + bias)))
        threshold = cost_curve(TARGET.astype(float), probability).best_threshold
        rows = pd.DataFrame({"SK_ID_CURR": CLIENTS, "target": TARGET, "probability": probability, "weight": weight})
        return Contender(version, rows.iloc[clients], threshold)

    return make


@pytest.fixture
def judged():
    """`judged(challenger, champion, **evidence)`: the verdict, with fewer replicates than usual."""

    def of(challenger, champion, **evidence):
        rng = np.random.default_rng(1)
        return judge(challenger, champion, rng=rng, evidence=Evidence(**evidence), replicates=300)

    return of


@pytest.fixture
def meeting():
    """`meeting(challenger, champion)`: both on the rows they share; `with_target` replaces the labels."""

    def of(challenger, champion, with_target=None):
        both = meet(challenger, champion)[0]
        return both if with_target is None else replace(both, target=with_target)

    return of
