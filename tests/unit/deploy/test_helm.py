"""The chart's files against the code and the other deployment; what Helm makes of them: deploy/helm/tests."""

import re
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from resources.settings import REPOSITORY, Settings
from serving.workers import END_S

CHART = REPOSITORY / "deploy" / "helm" / "credit"
OVERLAYS = sorted(CHART.glob("values-*.yaml"))


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(base[key], over[key]) for key in base.keys() & over.keys() if isinstance(base[key], dict)}
    return {**base, **over, **both}


def unknown(base: Any, over: Any, path: str = "") -> list[str]:
    if not isinstance(over, dict) or not isinstance(base, dict) or not base:
        return []
    strangers = [f"{path}{key}" for key in over.keys() - base.keys()]
    return strangers + [
        name for key in over.keys() & base.keys() for name in unknown(base[key], over[key], f"{path}{key}.")
    ]


def strings(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in strings(part, f"{path}.{key}")]
    if isinstance(value, list):
        return [pair for part in value for pair in strings(part, path)]
    return [(path, value)] if isinstance(value, str) else []


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return load(CHART / "values.yaml")


def test_copies_in_the_chart_are_their_originals():
    from runpy import run_path

    sync = run_path(str(REPOSITORY / "deploy" / "helm" / "sync.py"))
    assert sync["differences"]() == [], "run: python deploy/helm/sync.py"


def test_a_pod_is_given_longer_than_its_drain(values):
    # END_S is the drain and the end of recorder and shipper, after which the parent kills its workers.
    assert values["service"]["terminationGracePeriodSeconds"] > values["service"]["preStopSeconds"] + END_S


def test_a_full_journal_fits_on_its_volume(values):
    journals = [merged(values, load(file))["service"]["journal"] for file in OVERLAYS]
    assert all(int(one["size"].removesuffix("Gi")) * 1024 > one["maxMb"] for one in journals)


def test_dagsters_chart_goes_with_the_dagster_that_is_installed():
    (chart,) = [one for one in load(CHART / "Chart.yaml")["dependencies"] if one["name"] == "dagster"]
    assert chart["version"] == metadata.version("dagster")


def test_every_sub_chart_is_pinned_and_can_be_switched_off(values):
    for one in load(CHART / "Chart.yaml")["dependencies"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"])
        section = one.get("alias", one["name"])
        assert one["condition"] == f"{section}.enabled"
        assert isinstance(values[section]["enabled"], bool)


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.stem)
def test_values_of_a_size_keep_to_the_schema(values, file):
    jsonschema.validate(merged(values, load(file)), load(CHART / "values.schema.json"))


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.stem)
def test_values_of_a_size_override_only_what_there_is(values, file):
    # A slip in a sub-chart's section would be silent: its schema is not ours.
    strangers = [name for name in unknown(values, load(file)) if not name.startswith("settings.")]
    # Parameters of a connection and settings are free names.
    assert [name for name in strangers if not name.endswith(".sslmode")] == []


def test_names_of_settings_are_those_of_the_platform(values):
    known = {str(field.validation_alias) for field in Settings.model_fields.values()} | {"CREDIT_ENV"}
    named = set(values["settings"])
    # The data sources call their own variables so.
    templates = [file for file in CHART.glob("templates/**/*.yaml") if file.name != "datasources.yaml"]
    assert templates
    for file in [*OVERLAYS, *templates]:
        named |= set(re.findall(r"^\s+(?:- name: )?(CREDIT_[A-Z_]+):? *", file.read_text(), flags=re.MULTILINE))
    assert sorted({name.removesuffix("_FILE") for name in named} - known) == []


def test_no_value_is_a_password():
    for file in [CHART / "values.yaml", *OVERLAYS]:
        found = [
            path
            for path, text in strings(load(file))
            if re.search(r"password$|secret$|token$|_key$", path.lower()) and text
        ]
        # What is left are names of keys, of Secrets and of nothing.
        assert [path for path in found if not path.endswith(("configSecret", "TlsSecret", "existingSecret"))] == []


def test_a_container_registry_is_never_asked_for_the_newest(values):
    images = [text for path, text in strings(values) if path.endswith((".image", ".tag"))]
    assert images
    assert [text for text in images if text.endswith("latest") or ("/" in text and ":" not in text)] == []


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.stem)
def test_a_run_has_the_cores_that_its_steps_use(values, file):
    sized = merged(values, load(file))
    cores = sized["dagster"]["runLauncher"]["config"]["k8sRunLauncher"]["resources"]["limits"]["cpu"]
    # A step's engine uses two cores well, as on one machine.
    assert int(sized["settings"]["CREDIT_PARALLEL_STEPS"]) * 2 <= int(cores)


def test_rules_of_the_cluster_name_the_page_of_each_alert():
    pages = REPOSITORY / "docs" / "operations" / "runbooks"
    groups = load(CHART / "files" / "prometheus" / "cluster" / "cluster.yml")["groups"]
    alerts = [rule for group in groups for rule in group["rules"]]
    assert alerts
    for alert in alerts:
        page = f"docs/operations/runbooks/{alert['alert']}.md"
        assert alert["annotations"]["runbook_url"].endswith(page)
        assert (pages / f"{alert['alert']}.md").is_file()
        assert alert["labels"]["severity"] in {"warning", "critical"}


def test_one_command_names_the_image_everywhere(values):
    from runpy import run_path

    named = run_path(str(REPOSITORY / "deploy" / "helm" / "images.py"))["image_values"](
        "registry/risk", "1.4.0", values
    )
    both = merged(values, named)
    (code,) = both["dagster"]["dagster-user-deployments"]["deployments"]
    images = [both["dagster"][part]["image"] for part in ("dagsterWebserver", "dagsterDaemon")] + [code["image"]]
    wanted = {"repository": "registry/risk/credit-dagster", "tag": "1.4.0", "pullPolicy": "IfNotPresent"}
    assert images == [wanted] * 3
    # A list is replaced as a whole: the rest of the entry must be there too.
    (before,) = values["dagster"]["dagster-user-deployments"]["deployments"]
    assert {**code, "image": None} == {**before, "image": None}
