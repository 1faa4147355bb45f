"""Decisions that PostgreSQL does not hold any more, and decisions of erased clients, over HTTP."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from resources import schema
from resources.decision_archive import DecisionArchive
from resources.erasure import Eraser
from resources.lake import Lake
from resources.prediction_log import insert_decisions
from resources.retention import drop_old_partitions

MARCH = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.fixture
def archive(postgres, tmp_path):
    return DecisionArchive(postgres, Lake(str(tmp_path / "home" / "lake")))


@pytest.fixture
def dropped(archive, decision):
    """A decision of March that is in the lake alone."""
    milliseconds = int(MARCH.timestamp() * 1000)
    identity = UUID(int=(milliseconds << 80) | (uuid7().int & ((1 << 80) - 1)))
    record = decision(prediction_id=identity, created_at=MARCH, features={"EXT_SOURCE_1": 0.25})
    with archive.database.connect() as connection:
        schema.ensure_partitions(connection, MARCH.date(), MARCH.date())
        insert_decisions(connection, [record])
    archive.archive(MARCH.date())
    assert drop_old_partitions(archive, date(2026, 11, 1), 3).dropped == {"decisions_2026_03": 1}
    return record


def test_an_archived_decision_is_shown_and_explained(dropped, service):
    answer = service.client.get(f"/predictions/{dropped.prediction_id}")
    assert answer.status_code == 200
    assert answer.json()["features"] == dropped.features
    assert answer.json()["SK_ID_CURR"] == dropped.sk_id_curr
    explained = service.client.get(f"/predictions/{dropped.prediction_id}/explanation").json()
    values = {given["feature"]: given["value"] for given in explained["contributions"]}
    assert values["EXT_SOURCE_1"] == 0.25


@pytest.mark.parametrize("what", ["", "/explanation"])
def test_an_erased_decision_is_gone(archive, dropped, service, tmp_path, what):
    eraser = Eraser(archive, tmp_path, tmp_path)
    eraser.erase(dropped.sk_id_curr, eraser.find(dropped.sk_id_curr), by="an operator")
    answer = service.client.get(f"/predictions/{dropped.prediction_id}{what}")
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:credit:problem:erased-decision")
    assert "whose client was erased" in answer.json()["detail"]
    assert str(dropped.sk_id_curr) not in answer.text


def test_a_live_decision_of_an_erased_client_is_gone(archive, service, tmp_path):
    answered = service.predict().json()
    eraser = Eraser(archive, tmp_path, tmp_path)
    eraser.erase(answered["SK_ID_CURR"], eraser.find(answered["SK_ID_CURR"]), by="an operator")
    assert service.client.get(f"/predictions/{answered['prediction_id']}").status_code == 410


def test_outcomes_of_archived_decisions_are_recorded(dropped, service):
    def deliver(identity, moment="2026-10-01T00:00:00Z"):
        outcome = {"prediction_id": str(identity), "target": 1, "observed_at": moment}
        return service.client.post("/outcomes", json={"outcomes": [outcome]})

    assert deliver(dropped.prediction_id).json()["recorded"] == 1
    assert deliver(UUID(int=dropped.prediction_id.int + 1)).json()["unknown"] != []
    assert deliver(dropped.prediction_id, "2026-03-01T00:00:00Z").status_code == 422


def test_an_archived_day_without_its_file_is_an_error_that_says_so(archive, dropped, service):
    archive.lake.remove(archive.archived()[0].address)
    answer = service.client.get(f"/predictions/{dropped.prediction_id}")
    assert answer.status_code >= 500
    assert answer.headers["content-type"] == "application/problem+json"
