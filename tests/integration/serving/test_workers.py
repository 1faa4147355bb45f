"""Several workers on one port: they count together, one that dies is replaced, and all drain.

One service for the tests that do not end it: each process imports for seconds.
"""

import os
import signal
from collections import Counter
from pathlib import Path

import httpx
import psutil
import pytest

N_WORKERS = 2


@pytest.fixture(scope="module")
def serve_two(serving_process, postgres_module, tmp_path_factory, tiny_model):
    """`with serve_two() as service:` with a model from a folder."""
    folder = tmp_path_factory.mktemp("model")
    tiny_model("1", seed=1).save(folder)

    def serve():
        command = (str(Path(__file__).with_name("served_folder.py")), str(folder))
        home = tmp_path_factory.mktemp("home")
        return serving_process(command, postgres_module.url, home, CREDIT_API_WORKERS=str(N_WORKERS))

    return serve


@pytest.fixture(scope="module")
def service(serve_two):
    with serve_two() as service:
        wait_for_workers(service)
        yield service


def started(service):
    """Process ids of the workers by their number, as far as they have been started, the newest of each."""
    return {line["number"]: line["pid"] for line in service.log() if line["event"] == "worker_started"}


def ready(service):
    """How often a worker became ready to answer."""
    return sum(line["event"] == "Application startup complete." for line in service.log())


def wait_for_workers(service, n=N_WORKERS):
    service.wait_for(lambda health: health["status"] == "healthy" and ready(service) >= n)


def metrics(service):
    lines = httpx.get(f"{service.url}/metrics", timeout=10).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def answers(service, application, n):
    """The answers to so many applications, each over a connection of its own."""
    return [httpx.post(f"{service.url}/predict", json=application, timeout=10) for _ in range(n)]


DECIDED = 'credit_requests_total{method="POST",route="/predict",status="200"}'


def test_workers_share_the_port_and_count_together(service, application, eventually):
    eventually(lambda: answers(service, application, 4) and len(workers_that_answered(service)) == N_WORKERS)
    # A request is in the log shortly after its answer.
    eventually(lambda: {metrics(service)[DECIDED] for _ in range(6)} == {n_answered(service)})
    assert metrics(service)['credit_model_info{model_version="1"}'] == 1
    assert metrics(service)["credit_database_up"] == 1


def n_answered(service):
    return sum(line["event"] == "request" and line["route"] == "/predict" for line in service.log())


def workers_that_answered(service):
    return {line["worker"] for line in service.log() if line["event"] == "request" and line["status"] == 200}


def test_a_worker_that_dies_is_replaced_and_what_it_counted_stays(service, traffic_to, stored_ids, postgres_module):
    before, victim = metrics(service)[DECIDED], started(service)[0]
    with traffic_to(service.url).running() as traffic:
        traffic.wait_for_more()
        os.kill(victim, signal.SIGKILL)
        wait_for_workers(service, N_WORKERS + 1)
        # Of the clients some were with the worker that died; the others go on.
    assert traffic.failed == []
    assert len(traffic.broken) < traffic.n_clients
    assert started(service)[0] != victim
    (death,) = [line for line in service.log() if line["event"] == "worker_ended"]
    assert (death["number"], death["pid"], death["exit_code"]) == (0, victim, -signal.SIGKILL)
    # An answer that was on record but not counted yet died with the worker, at most one a client.
    counted = metrics(service)[DECIDED] - before
    assert 0 <= counted - len(traffic.answered) <= traffic.n_clients
    assert Counter(traffic.answered) - stored_ids(postgres_module) == Counter()


def test_sigterm_lets_all_workers_drain(service, traffic_to, stored_ids, postgres_module):
    family = psutil.Process(service.process.pid).children(recursive=True)
    with traffic_to(service.url).running() as traffic:
        traffic.wait_for_more()
        assert service.end() == (0, "")
    assert traffic.failed == []
    assert Counter(traffic.answered) - stored_ids(postgres_module) == Counter()
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert service.log()[-1]["event"] == "stopped"


# Four more processes, one after the other.
@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(serve_two, eventually):
    with serve_two() as service:
        wait_for_workers(service)
        # One that is not ready yet ends as well; it is started with a pause, having lived for a moment.
        for _ in range(2):
            victim = started(service)[1]
            os.kill(victim, signal.SIGKILL)
            eventually(lambda victim=victim: started(service)[1] != victim)
        assert [line["next_in_s"] for line in service.log() if line["event"] == "worker_ended"][-1] >= 0.5
        family = [psutil.Process(pid) for pid in started(service).values()]
        service.process.kill()
        assert psutil.wait_procs(family, timeout=20)[1] == []
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/health", timeout=2)
