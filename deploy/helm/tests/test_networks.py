"""Who reaches whom: the policies, read as the network plugin reads them."""

from typing import Any

import pytest

Manifest = dict[str, Any]

CREDIT = {"app.kubernetes.io/name": "credit", "app.kubernetes.io/instance": "credit"}
PODS = {
    component: CREDIT | {"app.kubernetes.io/component": component}
    for component in ("service", "dashboard", "mlflow", "migration", "postgresql", "sign-in", "postgres-exporter")
} | {
    "dagster-webserver": {"app.kubernetes.io/name": "dagster", "component": "dagster-webserver"},
    "dagster-run": {"app.kubernetes.io/name": "dagster", "app.kubernetes.io/component": "run_worker"},
    "dagster-code": {"app.kubernetes.io/name": "dagster-user-deployments"},
    "prometheus": {"app.kubernetes.io/name": "prometheus"},
    "alertmanager": {"app.kubernetes.io/name": "alertmanager"},
    "grafana": {"app.kubernetes.io/name": "grafana"},
    "fluentd": {"app.kubernetes.io/name": "fluentd"},
}

MUST = [
    ("service", "postgresql", 5432),
    ("dashboard", "postgresql", 5432),
    ("dashboard", "service", 8000),
    ("migration", "postgresql", 5432),
    ("mlflow", "postgresql", 5432),
    ("postgres-exporter", "postgresql", 5432),
    ("dagster-webserver", "postgresql", 5432),
    ("dagster-webserver", "dagster-code", 3030),
    # `credit drift backfill` and its like, in the code location.
    ("dagster-code", "dagster-webserver", 3000),
    ("dagster-run", "postgresql", 5432),
    ("dagster-run", "alertmanager", 9093),
    ("dagster-code", "alertmanager", 9093),
    ("sign-in", "dashboard", 8501),
    ("sign-in", "mlflow", 5000),
    ("sign-in", "dagster-webserver", 3000),
    ("sign-in", "grafana", 3000),
    ("sign-in", "prometheus", 9090),
    ("sign-in", "alertmanager", 9093),
    ("prometheus", "service", 8000),
    ("prometheus", "postgres-exporter", 9187),
    ("prometheus", "alertmanager", 9093),
    ("grafana", "postgresql", 5432),
    ("grafana", "prometheus", 9090),
    ("fluentd", "service", 8000),
]

MUST_NOT = [
    ("sign-in", "service", 8000),
    ("sign-in", "postgresql", 5432),
    ("service", "mlflow", 5000),
    ("service", "dagster-webserver", 3000),
    ("service", "alertmanager", 9093),
    ("dashboard", "dagster-webserver", 3000),
    ("dagster-run", "service", 8000),
    ("dagster-run", "dashboard", 8501),
    ("mlflow", "service", 8000),
    ("fluentd", "postgresql", 5432),
    ("postgresql", "service", 8000),
]


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    exact = all(labels.get(name) == value for name, value in (selector.get("matchLabels") or {}).items())
    expressions = selector.get("matchExpressions") or []
    assert all(one["operator"] == "In" for one in expressions)
    return exact and all(labels.get(one["key"]) in one["values"] for one in expressions)


def allows(rules: list[Manifest], side: str, labels: dict[str, str], port: int) -> bool:
    def opens(rule: Manifest) -> bool:
        ports = [one["port"] for one in rule.get("ports") or []]
        peers = rule.get(side) or []
        reached = [one for one in peers if "podSelector" in one and "namespaceSelector" not in one]
        here = not peers or any(selects(one["podSelector"], labels) for one in reached)
        return here and (not ports or port in ports)

    return any(opens(rule) for rule in rules or [])


def may_talk(manifests: tuple[Manifest, ...], source: str, target: str, port: int) -> bool:
    policies = [one["spec"] for one in manifests if one["kind"] == "NetworkPolicy"]
    out = [rule for one in policies if selects(one["podSelector"], PODS[source]) for rule in one.get("egress") or []]
    into = [rule for one in policies if selects(one["podSelector"], PODS[target]) for rule in one.get("ingress") or []]
    return allows(out, "to", PODS[target], port) and allows(into, "from", PODS[source], port)


@pytest.mark.parametrize(("source", "target", "port"), MUST)
def test_what_must_talk_may(default, source, target, port):
    assert may_talk(default, source, target, port)


@pytest.mark.parametrize(("source", "target", "port"), MUST_NOT)
def test_what_need_not_talk_may_not(default, source, target, port):
    assert not may_talk(default, source, target, port)


def test_everything_is_closed_first(manifests):
    (closed,) = [
        one["spec"]
        for one in manifests
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "credit-closed"
    ]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_database_of_ones_own_is_reached_in_its_networks_alone(external):
    (service,) = [
        one["spec"]
        for one in external
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "credit-service"
    ]
    assert {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP", "port": 5432}]} in service[
        "egress"
    ]


def test_what_the_cluster_asks_for_is_on_no_host(manifests):
    paths = {
        path["path"]
        for one in manifests
        if one["kind"] == "Ingress"
        for rule in one["spec"]["rules"]
        for path in rule["http"]["paths"]
        if path["backend"]["service"]["name"] == "credit-service"
    }
    assert paths == {"/predict", "/predictions", "/outcomes", "/model-info", "/health"}


def test_every_page_is_behind_the_sign_in_and_every_host_has_a_certificate(manifests):
    ingresses = [one["spec"] for one in manifests if one["kind"] == "Ingress"]
    behind = {
        path["backend"]["service"]["name"]
        for one in ingresses
        for rule in one["rules"]
        for path in rule["http"]["paths"]
    }
    assert behind == {"credit-service", "credit-sign-in"}
    assert all({rule["host"] for rule in one["rules"]} == set(one["tls"][0]["hosts"]) for one in ingresses)
