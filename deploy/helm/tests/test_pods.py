"""What every pod of the chart may and must: rights, memory, secrets, probes."""

from collections.abc import Iterator
from typing import Any

Manifest = dict[str, Any]

# The keys that docs/operations/cluster.md tells people to make.
SECRETS = {
    "credit-database": {
        "database_url",
        "service_database_url",
        "reader_database_url",
        "mlflow_database_url",
    },
    "credit-postgresql": {"postgresql-password", "service_password", "reader_password"},
    "credit-api-keys": {"api_key_observe", "api_key_score", "api_key_admin"},
    "credit-sign-in": {"client_id", "client_secret", "cookie_secret"},
}

OWNERS_KEY = "database_url"
MAY_OWN = {"credit-migration"}


def pods(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    for one in manifests:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"} and one["metadata"]["name"].startswith("credit-"):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def containers(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(manifests):
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield f"{name}/{container['name']}", container


def named(manifests: tuple[Manifest, ...], kind: str, name: str) -> Manifest:
    (found,) = [one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def secret_keys(container: Manifest) -> set[tuple[str, str]]:
    sources = [one.get("valueFrom", {}) for one in container.get("env", [])]
    references = [one["secretKeyRef"] for one in sources if "secretKeyRef" in one]
    return {(reference["name"], reference["key"]) for reference in references}


def test_no_pod_runs_as_root_or_without_the_seccomp_filter(manifests):
    at_fault = [
        name
        for name, pod in pods(manifests)
        if not pod["securityContext"]["runAsNonRoot"]
        or pod["securityContext"]["runAsUser"] == 0
        or pod["securityContext"]["seccompProfile"] != {"type": "RuntimeDefault"}
    ]
    assert at_fault == []


def test_no_container_may_write_its_image_or_gain_rights(manifests):
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert [name for name, one in containers(manifests) if one["securityContext"] != wanted] == []


def test_every_container_says_what_it_takes(manifests):
    parts = [(side, what) for side in ("requests", "limits") for what in ("cpu", "memory")]
    at_fault = [
        name for name, one in containers(manifests) for side, what in parts if what not in one["resources"][side]
    ]
    assert at_fault == []


def test_no_pod_can_ask_the_cluster(manifests):
    assert [name for name, pod in pods(manifests) if pod["automountServiceAccountToken"]] == []


def test_secrets_are_named_and_never_made(manifests):
    made = [one["metadata"]["name"] for one in manifests if one["kind"] == "Secret"]
    # Routes of Alertmanager, which hold no secret: the operator wants them in this kind.
    assert set(made) <= {"credit-alertmanager"}
    used = {pair for _, one in containers(manifests) for pair in secret_keys(one)}
    assert [pair for pair in sorted(used) if pair[1] not in SECRETS[pair[0]]] == []


def test_only_the_migration_holds_the_owners_address(manifests):
    holders = {
        name.split("/")[0] for name, one in containers(manifests) if ("credit-database", OWNERS_KEY) in secret_keys(one)
    }
    assert holders == MAY_OWN


def test_a_pod_without_a_model_is_alive_and_not_ready(default):
    (service,) = named(default, "StatefulSet", "credit-service")["spec"]["template"]["spec"]["containers"]
    # The kubelet takes 503, which the service says without a model, for a failure of httpGet.
    assert service["readinessProbe"]["httpGet"]["path"] == "/health"
    for probe in ("startupProbe", "livenessProbe"):
        assert service[probe]["exec"]["command"] == ["answers", "http://127.0.0.1:8000/health", "503"]


def test_journals_outlive_pods_and_releases(manifests):
    spec = named(manifests, "StatefulSet", "credit-service")["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (container,) = spec["template"]["spec"]["containers"]
    (claim,) = [one["metadata"]["name"] for one in spec["volumeClaimTemplates"]]
    settings = named(manifests, "ConfigMap", "credit-settings")["data"]
    assert {"name": claim, "mountPath": settings["CREDIT_HOME"]} in container["volumeMounts"]


def test_the_autoscaler_watches_cpu_and_memory_between_two_and_ten_replicas(default):
    spec = named(default, "HorizontalPodAutoscaler", "credit-service")["spec"]
    resources = {one["resource"]["name"]: one["resource"]["target"]["averageUtilization"] for one in spec["metrics"]}
    assert (spec["minReplicas"], spec["maxReplicas"], resources["cpu"]) == (2, 10, 70)
    assert "memory" in resources
    assert "replicas" not in named(default, "StatefulSet", "credit-service")["spec"]


def test_an_autoscaled_pod_always_has_a_disruption_budget(manifests):
    assert named(manifests, "PodDisruptionBudget", "credit-service")["spec"]["maxUnavailable"] == 1


def test_tables_are_made_before_the_rest_where_there_is_a_database(default, external):
    hooks = {
        name: named(one, "Job", "credit-migration")["metadata"]["annotations"]["helm.sh/hook"]
        for name, one in {"bundled": default, "external": external}.items()
    }
    assert hooks == {"bundled": "post-install,pre-upgrade", "external": "pre-install,pre-upgrade"}


def test_fluentd_keeps_the_filters_of_one_machine_and_none_of_its_addresses(default):
    files = named(default, "ConfigMap", "credit-fluentd")["data"]
    source, lines = files["01-source.conf"], files["02-lines.conf"]
    assert "credit-service-*_credit_service-*.log" in source
    assert "<source>" not in lines
    assert "<system>" not in lines
    assert "/fluentd/log" not in lines
    assert [label for label in ("@LINES", "@ERROR", "@SHIP") if f"<label {label}>" not in lines] == []
    assert "endpoint http://credit-service:8000/internal/logs" in lines


def test_what_a_sub_chart_names_is_made_here(default):
    made = {
        one["metadata"]["name"] for one in default if one["kind"] in {"ConfigMap", "Secret", "PersistentVolumeClaim"}
    }
    wanted = {"credit-settings", "credit-lake", "credit-grafana", "credit-fluentd", "credit-alertmanager"}
    assert wanted | {"credit-alertmanager-templates", "credit-grafana-datasources"} <= made
