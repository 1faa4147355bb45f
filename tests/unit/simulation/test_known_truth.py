"""The known truth, read back from the written tables."""

import numpy as np
import pandas as pd
import pytest

from simulation.clients import FIRST_CLIENT, TRAIN, population
from simulation.known_truth import known_probability
from simulation.portfolio import draw_chunks

CLIENTS, SEED = 3_000, 42


@pytest.fixture(scope="module")
def read(portfolio):
    def rows(table, columns, key, values):
        frame = portfolio.tables[table]
        return frame.loc[frame[key].isin(values), list(columns)].reset_index(drop=True)

    return rows


@pytest.fixture(scope="module")
def drawn(profile):
    """The probabilities that the portfolio was labelled by, by client."""
    roles = population(profile, CLIENTS, np.random.default_rng(np.random.SeedSequence(SEED).spawn(1)[0])).roles
    (chunk,) = draw_chunks(profile, CLIENTS, SEED)
    labelled = FIRST_CLIENT + np.flatnonzero(roles == TRAIN)
    return pd.Series(chunk.probability, index=labelled)


def test_it_is_the_probability_that_the_portfolio_was_labelled_by(read, drawn):
    found = known_probability(read, drawn.index)
    assert sorted(found.index) == sorted(drawn.index)
    # Amounts are written in cents.
    assert np.allclose(found.loc[drawn.index], drawn, rtol=1e-4)
