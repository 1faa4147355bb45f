"""What an observer sees: health, model info, metrics, the request id."""

import pytest

from serving.contract import Health, ModelInfo


def value_of(service, series):
    lines = service.client.get("/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(series)), None)


def test_a_healthy_service_says_so(service, shelf):
    answer = service.client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "model_loaded": True,
        "n_features": 5,
        "threshold": shelf.models["1"].manifest.threshold,
        "model_version": "1",
        "database": "up",
        "journal_depth": 0,
        "problems": [],
    }


def test_without_a_model_it_is_unavailable_and_says_what_to_do(postgres, shelf, start_service):
    shelf.production = None
    with start_service(postgres, shelf) as service:
        answer = service.client.get("/health")
    assert answer.status_code == 503
    health = Health.model_validate(answer.json())
    assert (health.status, health.model_loaded, health.database) == ("unavailable", False, "up")
    assert "train and promote a model" in health.problems[0]


def test_while_the_registry_is_away_it_is_degraded(service, shelf, eventually):
    shelf.away = True
    eventually(lambda: service.health()["status"] == "degraded")
    assert "no answer from the shelf" in service.health()["problems"][0]
    assert service.predict().status_code == 200
    shelf.away = False
    eventually(lambda: service.health()["status"] == "healthy")


def test_a_service_that_starts_without_its_registry_serves_the_last_good_model(postgres, shelf, start_service):
    with start_service(postgres, shelf) as service:
        before = service.predict().json()["probability"]
    shelf.away = True
    with start_service(postgres, shelf) as service:
        assert service.health()["status"] == "degraded"
        assert service.predict().json()["probability"] == before


def test_model_info_tells_what_the_model_is(service, shelf):
    manifest = shelf.models["1"].manifest
    info = ModelInfo.model_validate(service.client.get("/model-info").json())
    assert (info.model_version, info.n_features, info.threshold) == ("1", 5, manifest.threshold)
    assert info.metadata["auc"] == manifest.metrics["auc"]
    assert (info.metadata["cost_fn"], info.metadata["cost_fp"]) == (10, 1)
    assert info.metadata.keys() >= {"business_cost", "trained_at", "mlflow_run_id", "feature_version"}
    assert {"name": "ORGANIZATION_TYPE", "kind": "categorical"} in info.features
    assert info.protected_features == [{"name": "CODE_GENDER", "kind": "categorical"}]


def test_model_info_without_a_model_is_a_problem(postgres, shelf, start_service):
    shelf.production = None
    with start_service(postgres, shelf) as service:
        answer = service.client.get("/model-info")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:credit:problem:no-model"


def test_metrics_count_answers_decisions_and_stages(service):
    decision = service.predict().json()["decision"]
    service.predict(features={"NOBODY": 1})
    service.client.get("/a/path/of/the/clients/own")
    assert value_of(service, 'credit_requests_total{method="POST",route="/predict",status="200"}') == 1
    assert value_of(service, 'credit_requests_total{method="POST",route="/predict",status="422"}') == 1
    assert value_of(service, 'credit_requests_total{method="GET",route="unmatched",status="404"}') == 1
    assert value_of(service, f'credit_decisions_total{{decision="{decision}",model_version="1"}}') == 1
    assert value_of(service, "credit_probability_count") == 1
    assert value_of(service, "credit_features_missing_total") == 2
    assert value_of(service, 'credit_model_info{model_version="1"}') == 1
    for stage in ("read", "score", "record"):
        assert value_of(service, f'credit_stage_seconds_count{{stage="{stage}"}}') >= 1


def test_metrics_show_an_outage(postgres_server, shelf, start_service, eventually):
    with start_service(postgres_server.database(), shelf) as service:
        assert value_of(service, "credit_database_up") == 1
        postgres_server.stop()
        service.predict()
        assert value_of(service, "credit_database_up") == 0
        assert value_of(service, "credit_journal_records") == 1
        assert value_of(service, "credit_journal_age_seconds") > 0
        postgres_server.start()
        eventually(lambda: value_of(service, "credit_journal_records") == 0)


@pytest.mark.parametrize(("sent", "kept"), [("abc-123", True), ("x" * 65, False), ("a b", False)])
def test_a_request_id_is_taken_over_where_it_is_one(service, sent, kept):
    answer = service.client.get("/health", headers={"X-Request-ID": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.headers["x-request-id"]
