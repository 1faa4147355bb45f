"""POST /outcomes: each outcome counted once, corrections kept, and every fault named."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from resources.prediction_log import insert_decisions
from serving import outcomes as module
from serving.contract import ProblemBody
from serving.outcomes import MAX_OUTCOMES, OutcomesAnswer

DECIDED = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def decided(desk, decision):
    """Five decisions on record, two days old."""
    records = [decision(created_at=DECIDED) for _ in range(5)]
    with desk.database.connect() as connection:
        insert_decisions(connection, records)
    return [str(record.prediction_id) for record in records]


@pytest.fixture
def send(desk):
    key = desk.make_key("admin")

    def post(*items, **arguments):
        body = arguments or {"json": {"outcomes": list(items)}}
        return desk.client.post("/outcomes", headers={"X-API-Key": key}, **body)

    return post


def outcome(prediction_id, target=0, days=1.0, **changes):
    observed_at = (DECIDED + timedelta(days=days)).isoformat()
    return {"prediction_id": prediction_id, "target": target, "observed_at": observed_at} | changes


def counts(answer):
    assert answer.status_code == 200, answer.text
    OutcomesAnswer.model_validate(answer.json())
    document = answer.json()
    assert document["received"] == sum(document[n] for n in ("recorded", "repeated", "corrected")) + len(
        document["unknown"]
    )
    return document["recorded"], document["repeated"], document["corrected"], document["unknown"]


def offenders(answer):
    assert answer.status_code == 422, answer.text
    ProblemBody.model_validate(answer.json())
    assert answer.json()["n_errors"] == len(answer.json()["errors"])
    return {error["item"]: error["problem"] for error in answer.json()["errors"]}


def stored(desk):
    with desk.database.connect() as connection:
        return connection.execute(
            "SELECT prediction_id::text, target FROM credit.outcomes ORDER BY outcome_id"
        ).fetchall()


def test_outcomes_are_recorded_once_however_often_they_are_sent(desk, decided, send):
    order = [outcome(prediction_id, target=1) for prediction_id in decided]
    assert counts(send(*order)) == (5, 0, 0, [])
    assert counts(send(*order)) == (0, 5, 0, [])
    assert stored(desk) == [(prediction_id, 1) for prediction_id in decided]


def test_an_outcome_twice_in_one_order_is_counted_once(desk, decided, send):
    same = outcome(decided[0])
    assert counts(send(same, same)) == (1, 1, 0, [])
    assert len(stored(desk)) == 1


def test_a_moment_is_the_same_in_every_time_zone(decided, send):
    here = datetime.fromisoformat(outcome(decided[0])["observed_at"])
    there = here.astimezone(tz=datetime.strptime("+05:30", "%z").tzinfo).isoformat()
    assert counts(send(outcome(decided[0]))) == (1, 0, 0, [])
    assert counts(send(outcome(decided[0], observed_at=there))) == (0, 1, 0, [])


def test_a_correction_is_a_new_row_and_the_newest_holds(desk, decided, send):
    assert counts(send(outcome(decided[0], 0))) == (1, 0, 0, [])
    assert counts(send(outcome(decided[0], 1))) == (0, 0, 1, [])
    assert counts(send(outcome(decided[0], 0, days=1.5))) == (0, 0, 1, [])
    assert [target for _, target in stored(desk)] == [0, 1, 0]


def test_a_correction_in_the_same_order_comes_after_what_it_corrects(desk, decided, send):
    assert counts(send(outcome(decided[0], 1), outcome(decided[0], 0))) == (1, 0, 1, [])
    assert [target for _, target in stored(desk)] == [1, 0]


def test_unknown_decisions_are_listed_and_the_others_recorded(desk, decided, send):
    strangers = [str(uuid4()), str(uuid4())]
    answer = send(outcome(strangers[0]), outcome(decided[0]), outcome(strangers[1]))
    assert counts(answer) == (1, 0, 0, strangers)
    assert len(stored(desk)) == 1
    assert counts(send(outcome(strangers[0]))) == (0, 0, 0, strangers[:1])


def test_every_offender_is_named_by_its_index_and_nothing_is_recorded(desk, decided, send):
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = send(
        outcome(decided[0]),
        outcome("no-uuid"),
        outcome(decided[1], target=2),
        outcome(decided[1], target=True),
        outcome(decided[1], target=1.0),
        outcome(decided[1], observed_at="2026-01-01T00:00:00"),
        outcome(decided[1], observed_at=later, target="1"),
        outcome(decided[1], sk_id_curr=100001),
        7,
        {},
    )
    assert list(offenders(answer)) == [
        "outcomes[1].prediction_id",
        "outcomes[2].target",
        "outcomes[3].target",
        "outcomes[4].target",
        "outcomes[5].observed_at",
        "outcomes[6].target",
        "outcomes[6].observed_at",
        "outcomes[7]",
        "outcomes[8]",
        "outcomes[9].prediction_id",
        "outcomes[9].target",
        "outcomes[9].observed_at",
    ]
    assert "in the future" in offenders(answer)["outcomes[6].observed_at"]
    assert stored(desk) == []


def test_an_outcome_before_its_decision_is_refused(desk, decided, send):
    answer = send(outcome(decided[0]), outcome(decided[1], days=-0.1))
    assert "after the decision" in offenders(answer)["outcomes[1].observed_at"]
    assert stored(desk) == []


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "20260101", "", 0, None])
def test_a_moment_that_is_none_is_refused(decided, send, value):
    assert "outcomes[0].observed_at" in offenders(send(outcome(decided[0], observed_at=value)))


@pytest.mark.parametrize("document", [{}, [], {"outcomes": {}}, {"outcomes": []}, {"outcomes": [], "more": 1}, "text"])
def test_what_is_no_order_is_refused(send, document):
    assert "outcomes" in offenders(send(json=document))


def test_no_answer_repeats_what_was_sent(decided, send):
    secret = "SECRET-314159"
    answer = send(
        outcome(secret), outcome(decided[0], observed_at=secret), outcome(decided[0], **{secret: 1}, target=secret)
    )
    assert offenders(answer)
    assert secret not in answer.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"outcomes": [], "outcomes": []}', "duplicate-keys"),
        ('{"outcomes": [NaN]}', "invalid-json"),
        ('{"outcomes": ' + "[" * 20 + "]" * 20 + "}", "too-deep"),
        ('{"outcomes": [' + "0," * 50_000 + "0]}", "too-many-values"),
    ],
)
def test_a_body_that_could_be_read_in_two_ways_or_holds_too_much_is_refused(send, body, kind):
    answer = send(content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:credit:problem:{kind}")


def test_a_body_that_is_too_large_or_compressed_is_refused(desk, monkeypatch, send):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    assert send(content=b" " * 1001).status_code == 413
    key = desk.make_key("admin")
    headers = {"X-API-Key": key, "Content-Encoding": "gzip"}
    assert desk.client.post("/outcomes", headers=headers, content=b"{}").status_code == 415


def test_an_order_has_ten_thousand_outcomes_at_most(decided, send):
    many = [outcome(decided[i % 5], days=i / MAX_OUTCOMES) for i in range(MAX_OUTCOMES)]
    assert counts(send(*many)) == (5, 0, MAX_OUTCOMES - 5, [])
    assert f"found {MAX_OUTCOMES + 1}" in offenders(send(*many, many[0]))["outcomes"]


def test_orders_at_once_count_each_outcome_once(desk, decided, send):
    order = [outcome(prediction_id) for prediction_id in decided]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda turn: send(*order[:: 1 if turn % 2 else -1]), range(6)))
    assert sum(counts(answer)[0] for answer in answers) == 5
    assert sum(counts(answer)[1] for answer in answers) == 25
    assert len(stored(desk)) == 5


def test_while_the_database_is_away_the_sender_keeps_them(postgres_server, open_desk, decision):
    with open_desk(postgres_server.database()) as desk:
        key = desk.make_key("admin")
        record = decision(created_at=DECIDED)
        with desk.database.connect() as connection:
            insert_decisions(connection, [record])
        order = {"outcomes": [outcome(str(record.prediction_id))]}
        postgres_server.stop()
        answer = desk.client.post("/outcomes", headers={"X-API-Key": key}, json=order)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:credit:problem:not-stored")
        assert answer.headers["retry-after"] == "2"
        postgres_server.start()
        assert counts(desk.client.post("/outcomes", headers={"X-API-Key": key}, json=order)) == (1, 0, 0, [])
