"""What the demo sends to a real service: log lines once, and its own key where keys are asked for."""

import pytest

from cli.demo_key import NAME, key_of_demo
from resources.api_keys import ApiKeys
from resources.settings import load_settings
from simulation.client import post_applications
from simulation.log_delivery import Position, ship


@pytest.fixture
def settings(service, postgres, tmp_path):
    port = service.url.rpartition(":")[2]
    return load_settings({"DATABASE_URL": postgres.url, "CREDIT_HOME": str(tmp_path), "CREDIT_API_PORT": port})


def stored(database):
    with database.connect() as connection:
        return [row[0] for row in connection.execute("SELECT coalesce(event, message) FROM credit.api_logs").fetchall()]


def test_a_service_stores_the_lines_of_a_file_once_after_a_crash_as_well(service, postgres, tmp_path):
    log, position = tmp_path / "service.log", tmp_path / "position"
    log.write_text('{"event":"request","level":"info"}\nno json\n')
    assert ship(log, position, service.url).stored == 2
    # As a shipper leaves it that was killed before it heard the answer.
    Position(0, under_way=log.stat().st_size).store(position)
    with log.open("a") as file:
        file.write('{"event":"later"}\n')
    again = ship(log, position, service.url)
    assert (again.stored, again.repeated) == (1, 2)
    assert sorted(stored(postgres)) == ["later", "no json", "request"]


def test_the_demo_needs_no_key_where_nobody_does(settings, postgres):
    assert key_of_demo(settings, postgres) is None


def test_where_keys_are_asked_for_the_demo_makes_its_own_and_revokes_the_last_ones(settings, service, postgres):
    keys = ApiKeys(postgres)
    keys.create("somebody", ("score",), created_by="test")
    first = key_of_demo(settings, postgres)
    second = key_of_demo(settings, postgres)
    assert first != second
    assert [key.revoked_at is None for key in keys.all() if key.name == NAME] == [False, True]
    answers = post_applications(service.url, [{"SK_ID_CURR": 1, "features": {}}], key=second)
    assert answers.n_answered == 1
