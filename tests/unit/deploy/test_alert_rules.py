"""Rules, routes and pages of alerts hang together, and pass the checks of their own tools."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from resources.alerts import RUNBOOKS
from resources.settings import REPOSITORY

PROMETHEUS = REPOSITORY / "deploy" / "prometheus"
ALERTMANAGER = REPOSITORY / "deploy" / "alertmanager" / "alertmanager.yml"
PAGES = REPOSITORY / RUNBOOKS

# Posted by Dagster, not by a rule: `sensors/failures.py`, `credit_assets/champion.py`.
POSTED = {"RunFailed": "critical", "ChallengerRefused": "warning"}
# As every page has them.
SECTIONS = ["## Look", "## Do", "## How it ends"]


def rules(file):
    groups = yaml.safe_load((PROMETHEUS / "rules" / file).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
SEVERITIES = {name: rule["labels"]["severity"] for name, rule in ALERTS.items()} | POSTED


def tool(name):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on this machine; Debian has it as a package")
    return found


def run(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    return done.returncode, done.stdout + done.stderr


def test_every_rule_rings_in_a_test():
    tested = set()
    for file in sorted((PROMETHEUS / "tests").glob("*.yml")):
        for test in yaml.safe_load(file.read_text())["tests"]:
            tested |= {case["alertname"] for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert tested == set(ALERTS)


def test_every_recording_rule_is_used():
    used = " ".join(rule["expr"] for rule in ALERTS.values())
    used += " ".join(page.read_text() for page in (REPOSITORY / "deploy" / "grafana" / "dashboards").glob("*.json"))
    unused = [rule["record"] for rule in rules("recording.yml") if rule["record"] not in used]
    assert unused == []


@pytest.mark.parametrize("name", sorted(SEVERITIES))
def test_every_alert_has_a_page_that_says_what_to_do(name):
    page = (PAGES / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n\n**{SEVERITIES[name].capitalize()}.**")
    assert [line for line in page.splitlines() if line.startswith("## ")] == SECTIONS


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_says_what_the_platform_s_alerts_say(name):
    rule = ALERTS[name]
    assert rule["labels"] == {"severity": SEVERITIES[name], "service": "credit"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"].endswith(f"{RUNBOOKS}/{name}.md")


def test_the_list_of_pages_is_complete():
    listed = set(re.findall(r"^\| \[(\w+)\]\(\1\.md\)", (PAGES / "README.md").read_text(), flags=re.MULTILINE))
    assert listed == {page.stem for page in PAGES.glob("*.md")} - {"README"}


def test_inhibitions_name_alerts_that_exist():
    for rule in yaml.safe_load(ALERTMANAGER.read_text())["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            pattern = re.fullmatch(r'alertname=~?"(.*)"', matcher)[1]
            for alternative in pattern.split("|"):
                assert [name for name in SEVERITIES if re.fullmatch(alternative, name)], alternative


def test_one_instance_that_is_down_mutes_nothing_about_the_answers_of_others():
    muted = [
        name
        for rule in yaml.safe_load(ALERTMANAGER.read_text())["inhibit_rules"]
        if rule["source_matchers"] == ['alertname="ServiceDown"']
        for name in SEVERITIES
        if re.fullmatch(re.fullmatch(r'alertname=~"(.*)"', rule["target_matchers"][0])[1], name)
    ]
    assert sorted(muted) == ["NoPredictions", "RegistryDown"]


def test_no_secret_has_a_value():
    for file in (ALERTMANAGER, PROMETHEUS / "prometheus.yml"):
        found = re.findall(
            r"^\s*(?:- )?(\w*(?:password|secret|credentials|api_url|token)\w*):", file.read_text(), re.MULTILINE
        )
        assert found != []
        assert [name for name in found if not name.endswith("_file")] == []


def test_the_rules_do_what_their_tests_say():
    files = [str(file) for file in sorted((PROMETHEUS / "tests").glob("*.yml"))]
    code, output = run(tool("promtool"), "test", "rules", *files)
    assert code == 0, output


def test_prometheus_takes_its_configuration():
    code, output = run(tool("promtool"), "check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))
    assert code == 0, output


def test_alertmanager_takes_its_configuration_with_its_templates(tmp_path):
    # Template paths are those of the container.
    text = ALERTMANAGER.read_text().replace("/etc/alertmanager", str(ALERTMANAGER.parent))
    (tmp_path / "alertmanager.yml").write_text(text)
    code, output = run(tool("amtool"), "check-config", str(tmp_path / "alertmanager.yml"))
    assert code == 0, output
    assert "1 templates" in output


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [("severity=critical", "on-call"), ("severity=warning", "slack"), ("severity=else", "slack")],
)
def test_severity_decides_who_hears(labels, receiver):
    code, output = run(tool("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}", labels)
    assert code == 0, output
    assert output.splitlines()[0] == receiver


FIRING = {
    "status": "firing",
    "groupLabels": {"alertname": "DriftAlert", "job": "credit-service"},
    "commonLabels": {"severity": "critical"},
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DriftAlert"},
            "annotations": {"summary": "It moved.", "description": "More than 30 %.", "runbook_url": "docs/x.md"},
            "startsAt": "2026-11-01T12:00:00Z",
            "generatorURL": "http://prometheus/graph",
        }
    ],
}


def test_a_message_says_what_since_when_and_what_to_do(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps(FIRING))
    code, output = run(
        tool("amtool"), "template", "render", f"--template.glob={ALERTMANAGER.parent}/templates/*.tmpl",
        f"--template.data={tmp_path / 'data.json'}",
        '--template.text={{ template "credit.title" . }}\n{{ template "credit.text" . }}',
    )  # fmt: skip
    assert code == 0, output
    for part in ("[FIRING 1] critical: DriftAlert (credit-service)", "It moved.", "More than 30 %.",
                 "Since 2026-11-01 12:00:00 UTC", "What to do: docs/x.md"):  # fmt: skip
        assert part in output
