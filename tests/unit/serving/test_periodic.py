"""A background task goes on whatever one of its calls does."""

import structlog
from structlog.testing import capture_logs

from credit_risk.errors import UnavailableError
from serving.periodic import Periodic


def test_it_is_done_again_and_again_until_it_is_stopped(eventually):
    calls = []
    task = Periodic("count", lambda: calls.append(1), 0.001)
    task.start()
    eventually(lambda: len(calls) > 3)
    task.stop()
    done = len(calls)
    assert done == len(calls)


def test_a_failure_is_logged_once_and_does_not_end_it(eventually):
    structlog.reset_defaults()
    calls = []

    def fail():
        calls.append(1)
        raise UnavailableError("no answer", expected="one", remedy="start it")

    with capture_logs() as lines:
        task = Periodic("look", fail, 0.001)
        task.start()
        eventually(lambda: len(calls) > 3)
        task.stop()
    said = [line for line in lines if line["event"] == "background_task_failed"]
    assert said == [
        {
            "event": "background_task_failed",
            "task": "look",
            "reason": "found no answer; expected one; start it",
            "log_level": "warning",
        }
    ]


def test_the_message_of_an_error_that_is_not_ours_stays_unsaid(eventually):
    def fail():
        raise ValueError("EXT_SOURCE_1=0.31")

    with capture_logs() as lines:
        task = Periodic("look", fail, 0.001)
        task.start()
        eventually(lambda: bool(lines))
        task.stop()
    assert "EXT_SOURCE_1" not in str(lines)
    assert lines[0]["reason"] == "ValueError"
