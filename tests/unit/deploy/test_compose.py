"""deploy/compose.yaml: what every container has, what none may have, and that names in it exist."""

import re
from pathlib import Path

import pytest
import yaml

from resources.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
EVERY = pytest.mark.parametrize("name", sorted(SERVICES))


@EVERY
def test_a_container_is_hardened(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


@EVERY
def test_a_container_has_limits(name):
    assert SERVICES[name]["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}


@EVERY
def test_a_container_that_stays_has_a_health_check(name):
    service = SERVICES[name]
    stays = service["restart"] == "unless-stopped"
    # Ours have theirs from the image.
    assert not stays or "healthcheck" in service or "build" in service
    assert not (stays and service.get("healthcheck", {}).get("disable"))


@EVERY
def test_ports_are_this_machines_alone(name):
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@EVERY
def test_no_secret_is_in_an_environment(name):
    environment = SERVICES[name].get("environment", {})
    secret = re.compile(r"PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|STORE_URI|_PASS")
    bare = [key for key in environment if secret.search(key) and not key.endswith("_FILE")]
    assert bare == []
    read = {value.removeprefix("/run/secrets/") for value in environment.values() if value.startswith("/run/secrets/")}
    assert read <= set(SERVICES[name].get("secrets", []))


@EVERY
def test_an_image_is_pinned(name):
    image = SERVICES[name]["image"]
    assert image.endswith("${CREDIT_TAG:-latest}") == ("build" in SERVICES[name])
    assert "build" in SERVICES[name] or re.search(r":v?\d+\.\d+", image)


def test_every_setting_of_ours_exists():
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    ours = [
        name for name, service in SERVICES.items() if re.search("credit-(service|dashboard|dagster)", service["image"])
    ]
    names = {key.removesuffix("_FILE") for name in ours for key in SERVICES[name].get("environment", {})}
    assert {key for key in names if key.startswith(("CREDIT_", "DATABASE_"))} <= known


@pytest.mark.parametrize(
    "name",
    sorted(
        name for name, service in SERVICES.items() if "credit-mlflow" not in service["image"] and "build" in service
    ),
)
def test_a_setting_of_an_operator_reaches_every_process_of_ours(name):
    assert SERVICES[name]["env_file"] == [{"path": "settings.env", "required": False}]


def test_commands_that_start_runs_find_dagster_from_their_container():
    port = SERVICES["dagster-webserver"]["ports"][0].rpartition(":")[2]
    assert SERVICES["tools"]["environment"]["CREDIT_DAGSTER_API_URL"] == f"http://dagster-webserver:{port}"


def test_what_ships_its_lines_never_waits_for_fluentd():
    shipped = {name: service for name, service in SERVICES.items() if service["logging"]["driver"] == "fluentd"}
    assert {"service", "dashboard", "dagster-code", "dagster-daemon", "dagster-webserver", "mlflow"} == set(shipped)
    assert {service["logging"]["options"]["fluentd-async"] for service in shipped.values()} == {"true"}
    assert [name for name, service in shipped.items() if "fluentd" in service.get("depends_on", {})] == []


def test_tables_are_there_before_anything_reads_them():
    wait = {"service", "dashboard", "dagster-code", "mlflow", "grafana", "postgres-exporter"}
    conditions = {name: SERVICES[name]["depends_on"]["migration"]["condition"] for name in wait}
    assert set(conditions.values()) == {"service_completed_successfully"}


def test_the_database_is_on_a_network_without_a_way_out():
    assert SERVICES["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "ports" not in SERVICES["database"]


def test_what_is_mounted_from_here_is_here():
    sources = [
        source.split(":")[0]
        for service in SERVICES.values()
        for source in service.get("volumes", [])
        if source.startswith(".")
    ]
    assert len(sources) > 5
    assert [source for source in sources if not (DEPLOY / source).exists()] == []


def test_the_service_and_the_dashboard_have_no_owners_address():
    for name in ("service", "dashboard", "grafana", "postgres-exporter"):
        assert not {"database_url", "database_password", "mlflow_database_url"} & set(SERVICES[name]["secrets"])


def test_workflows_name_what_is_in_the_repository():
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = file.read_text()
        assert [script for script in re.findall(r"deploy/[a-z]+\.sh", text) if not (ROOT / script).exists()] == []
        actions = re.findall(r"uses: ([^./]\S+)", text)
        assert [action for action in actions if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)] == []


def test_tools_are_cached_by_everything_that_installs_them():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    [files] = re.findall(r"key: tools-.*hashFiles\((.*)\)", text)
    scripts = [file for pattern in ("*.sh", "*.py") for file in DEPLOY.rglob(pattern)]
    installing = {str(file.relative_to(ROOT)) for file in scripts if ".tools" in file.read_text()}
    assert len(installing) > 1
    assert set(re.findall(r"'([^']+)'", files)) == installing


def test_render_starts_the_published_image_with_settings_that_exist():
    [service] = yaml.safe_load((ROOT / "render.yaml").read_text())["services"]
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    ours = {variable["key"] for variable in service["envVars"] if not variable["key"].startswith(("AWS_", "PORT"))}
    assert ours <= known
    assert service["disk"]["mountPath"] == "/var/lib/credit"
