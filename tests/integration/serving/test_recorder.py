"""The recorder: decisions that arrive while a write runs share the next one."""

import asyncio

from resources.prediction_log import PredictionLog
from serving.answer_log import AnswerLog
from serving.deadline import Watchdog
from serving.journal import Journal
from serving.metrics import Metrics
from serving.recorder import Recorder


async def record_behind_a_held_write(recorder, postgres, records):
    recorder.start(asyncio.get_running_loop())
    with postgres.connect(autocommit=True) as connection:
        with recorder.hand_over(connection):
            answers = [asyncio.create_task(recorder.record(record)) for record in records]
            # Each task runs up to its wait: all decisions are pending while the write is held.
            await asyncio.sleep(0)
        await asyncio.gather(*answers)
        await asyncio.to_thread(recorder.close)


def test_decisions_that_arrive_while_a_write_runs_share_the_next_one(postgres, decision, tmp_path):
    watchdog, metrics, journal = Watchdog(), Metrics(), Journal(tmp_path / "journal")
    journal.prepare()
    watchdog.start()
    recorder = Recorder(journal, AnswerLog(tmp_path / "answers"), watchdog, metrics)
    try:
        asyncio.run(record_behind_a_held_write(recorder, postgres, [decision() for _ in range(40)]))
    finally:
        watchdog.stop()
    assert PredictionLog(postgres).count() == 40
    # The first may have been taken before the others came; they wait for it together.
    assert metrics.registry.get_sample_value("credit_write_batch_count", {"to": "postgresql"}) <= 2
