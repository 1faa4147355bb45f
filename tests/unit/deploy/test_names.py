"""What pages, rules and dashboards call by name exists: metrics, settings, jobs, sensors, events of the log."""

import re

import pytest

from resources.settings import REPOSITORY, Settings

DEPLOY = REPOSITORY / "deploy"
PAGES = sorted((REPOSITORY / "docs" / "operations").rglob("*.md"))
RULES = [*sorted(DEPLOY.glob("prometheus/rules/*.yml")), *sorted(DEPLOY.glob("helm/credit/files/prometheus/cluster/*"))]
BOARDS = sorted(DEPLOY.glob("grafana/dashboards/*.json"))

# What prometheus_client hangs on the name of a counter or a histogram.
SUFFIX = re.compile(r"_(?:total|bucket|count|sum)$")
# Users and roles of the database and parts of the platform, which begin like metrics.
NO_METRICS = {"credit_service", "credit_reader", "credit_scoring", "credit_dashboard", "credit_model"}


@pytest.fixture(scope="module")
def source():
    rooms = ("credit_assets", "sensors", "serving", "resources")
    return "\n".join(file.read_text() for room in rooms for file in sorted((REPOSITORY / room).rglob("*.py")))


def named(pattern, files):
    """Page and name, for every name that a pattern finds."""
    found = [(file, name) for file in files for name in set(re.findall(pattern, file.read_text()))]
    assert len(found) > 5
    return found


def strangers(found, known):
    return sorted(f"{file.name}: {name}" for file, name in found if not known(name))


def test_the_service_shows_every_metric_that_is_named(source):
    shown = set(re.findall(r'"(credit_[a-z0-9_]+)"', source)) | NO_METRICS
    found = named(r"(?<![\w:./-])credit_[a-z0-9_]+(?![\w:]|\.\w)", [*PAGES, *RULES, *BOARDS])
    assert strangers(found, lambda name: name in shown or SUFFIX.sub("", name) in shown) == []


def test_every_series_that_is_named_is_recorded():
    recorded = set(re.findall(r"- record: (\S+)", (DEPLOY / "prometheus" / "rules" / "recording.yml").read_text()))
    assert strangers(named(r"\bjob:credit_[a-z0-9_]+:\w+", [*PAGES, *RULES, *BOARDS]), recorded.__contains__) == []


def test_every_setting_that_is_named_exists():
    # The platform's, and those of the compose file itself.
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known |= {
        name for file in DEPLOY.glob("compose*.yaml") for name in re.findall(r"\$\{(CREDIT_[A-Z_]+)", file.read_text())
    }
    found = named(r"\bCREDIT_[A-Z_]*[A-Z]", [*PAGES, *RULES])
    assert strangers(found, lambda name: name.removesuffix("_FILE") in known) == []


def test_every_job_sensor_and_schedule_that_is_named_is_defined(source):
    found = named(r"`(\w+_(?:job|sensor)|(?:daily|monthly)_\w+)`", PAGES)
    assert strangers(found, lambda name: re.search(rf"\b{name}\b", source)) == []


def test_every_event_that_pages_look_for_is_written(source):
    # In SQL, in a pattern of grep, and in sentences about the log.
    found = named(
        r"(?:event = '|grep -E \"|\||for `|`)((?:database|journal|model|request|worker)_[a-z_]+)(?=['\"|`])", PAGES
    )
    assert strangers(found, lambda name: f'"{name}"' in source) == []
