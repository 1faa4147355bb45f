"""Months that are made because a decision needs one: by the service, which may make no table itself."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from resources.late_months import make_late_months
from resources.prediction_log import insert_decisions
from resources.roles import READER, SERVICE, RoleDatabase

MARCH = datetime(2024, 3, 31, 23, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def service(postgres_module):
    return RoleDatabase(postgres_module.url, SERVICE)


def test_the_service_makes_a_month_once_and_writes_into_it(service, postgres_module, decision):
    with service.connect() as connection:
        assert make_late_months(connection, [MARCH, MARCH]) == [MARCH.date().replace(day=1)]
        assert make_late_months(connection, [MARCH]) == []
        assert insert_decisions(connection, [decision(created_at=MARCH)]) == 1
    with postgres_module.connect() as connection:
        # As partitions that are kept ahead: beside them, and with what keeps arrays in their rows.
        names = ["decisions_2024_03", f"decisions_{datetime.now(UTC):%Y_%m}"]
        found = connection.execute(
            "SELECT count(*), count(DISTINCT (reloptions, relowner)) FROM pg_class WHERE relname = ANY(%s)", [names]
        ).fetchone()
    assert found == (2, 1)


@pytest.mark.parametrize(
    "moment",
    [datetime(2019, 12, 31, tzinfo=UTC), datetime.now(UTC) + timedelta(days=200)],
    ids=["before-2020", "of-the-future"],
)
def test_a_wrong_clock_makes_no_month(service, moment):
    with service.connect() as connection:
        assert make_late_months(connection, [moment]) == []


def test_who_only_reads_makes_no_month(postgres_module):
    with (
        RoleDatabase(postgres_module.url, READER).connect() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        make_late_months(connection, [MARCH])
