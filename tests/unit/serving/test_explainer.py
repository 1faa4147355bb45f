import asyncio
import gc
import os
import signal
import threading
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from credit_risk.contributions import Contributions
from credit_risk.errors import ModelError
from serving.explainer import SLOTS, Explainer

N_FEATURES = 5


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(400, N_FEATURES))


@pytest.fixture(scope="module")
def contributions(rows):
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(rows, rows[:, 0] * rows[:, 1] > 0)
    return Contributions(lightgbm.train(options, data, num_boost_round=5).model_to_string(), N_FEATURES)


@pytest.fixture
def explainer(contributions):
    return Explainer(contributions)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def explainer_threads():
    return [thread for thread in threading.enumerate() if thread.name == "explainer"]


def test_rows_at_once_get_each_their_own_contributions(explainer, contributions, rows):
    async def ask():
        found = await asyncio.gather(*map(explainer, rows))
        np.testing.assert_array_equal(found, [contributions(row) for row in rows])

    asyncio.run(ask())


def test_more_rows_than_slots_wait_for_nobody(explainer, contributions, rows):
    async def ask():
        waiting = [asyncio.ensure_future(explainer(row)) for row in rows[: SLOTS + 1]]
        await asyncio.sleep(0)
        assert [task.done() for task in waiting].count(True) == 1
        np.testing.assert_array_equal(await waiting[-1], contributions(rows[SLOTS]))
        await asyncio.gather(*waiting)

    asyncio.run(ask())


def test_a_request_that_was_given_up_gives_its_slot_back(explainer, contributions, rows):
    async def ask():
        for _ in range(2 * SLOTS):
            given_up = asyncio.ensure_future(explainer(rows[0]))
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.sleep(0.001)
        waiting = asyncio.ensure_future(explainer(rows[1]))
        await asyncio.sleep(0)
        assert not waiting.done()
        np.testing.assert_array_equal(await waiting, contributions(rows[1]))

    asyncio.run(ask())


def test_a_row_of_another_length_is_refused(explainer):
    async def ask():
        with pytest.raises(ModelError, match=r"a row of shape \(4,\)"):
            await explainer(np.zeros(4))

    asyncio.run(ask())


def test_a_signal_does_not_end_the_thread(explainer, contributions, rows):
    async def ask():
        await explainer(rows[0])
        before = signal.signal(signal.SIGUSR1, lambda *_: None)
        try:
            for _ in range(20):
                os.kill(os.getpid(), signal.SIGUSR1)
                np.testing.assert_array_equal(await explainer(rows[1]), contributions(rows[1]))
        finally:
            signal.signal(signal.SIGUSR1, before)

    asyncio.run(ask())


def test_the_thread_and_its_files_go_with_the_explainer(contributions, rows):
    gc.collect()
    for thread in explainer_threads():
        thread.join(timeout=10)

    async def ask():
        files = open_files()
        explainer = Explainer(contributions)
        await explainer(rows[0])
        (thread,) = explainer_threads()
        del explainer
        gc.collect()
        thread.join(timeout=10)
        assert not thread.is_alive()
        # The event loop sees the end of the pipe.
        await asyncio.sleep(0.1)
        assert open_files() == files

    asyncio.run(ask())
