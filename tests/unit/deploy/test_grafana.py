"""Dashboards are what the code gives, complete, and lead to each other and to the pages."""

import json
import re
import subprocess

import pytest
import yaml

from deploy.grafana.__main__ import FOLDER, files
from resources.settings import REPOSITORY

GRAFANA = REPOSITORY / "deploy" / "grafana"
BOARDS = {name: json.loads(text) for name, text in files().items()}
PANELS = [
    pytest.param(panel, id=f"{board['uid']}-{panel['title']}")
    for board in BOARDS.values()
    for panel in board["panels"]
    if panel["type"] != "row"
]


def test_the_files_are_what_the_code_gives():
    stored = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert stored == files(), "run `make dashboards`"


def test_uids_are_stable():
    assert {board["uid"] for board in BOARDS.values()} == {
        "credit-operations", "credit-decisions", "credit-drift", "credit-logs",
    }  # fmt: skip


def test_panels_have_numbers_of_their_own():
    for board in BOARDS.values():
        numbers = [panel["id"] for panel in board["panels"]]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_a_dashboard_leads_to_the_others_and_to_the_pages(board):
    (others, pages) = board["links"]
    assert (others["type"], others["tags"], others["keepTime"]) == ("dashboards", ["credit"], True)
    assert pages["url"].endswith("/docs/operations/runbooks")
    assert "credit" in board["tags"]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_a_question_and_says_its_unit(panel):
    assert len(panel["description"]) > 10
    if panel["type"] in {"timeseries", "stat", "barchart"}:
        assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_s_links_lead_to_pages(panel):
    for link in panel.get("links") or []:
        assert (REPOSITORY / link["url"].removeprefix("${docs_url}/")).is_file()


def test_dashboards_name_the_provisioned_data_sources_alone():
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "credit.yaml").read_text())["datasources"]
    known = {(source["type"], source["uid"]) for source in provisioned}
    named = {
        (target["datasource"]["type"], target["datasource"]["uid"])
        for board in BOARDS.values()
        for panel in board["panels"]
        for target in panel.get("targets", [])
    }
    assert named == known


def test_no_query_asks_for_clients():
    targets = [target for board in BOARDS.values() for panel in board["panels"] for target in panel.get("targets", [])]
    queries = " ".join(target.get("rawSql", "") for target in targets)
    assert "prediction_id" in queries
    assert not re.search(r"sk_id_curr|\bfeatures\b", queries, flags=re.IGNORECASE)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ada:p%40ss%2Fw%24rd@db.example:6543/credit?sslmode=verify-full",
         ["db.example:6543", "credit", "ada", "p@ss/w$rd", "verify-full"]),
        ("postgresql://ada:secret@db.example/credit", ["db.example:5432", "credit", "ada", "secret", "require"]),
        ("postgresql://ada:a:b@db/credit?connect_timeout=3&sslmode=disable",
         ["db:5432", "credit", "ada", "a:b", "disable"]),
    ],
)  # fmt: skip
def test_the_reader_s_address_is_taken_apart(tmp_path, url, expected):
    secret = tmp_path / "reader_database_url"
    secret.write_text(url + "\n")
    names = ["HOST", "NAME", "USER", "PASSWORD", "SSLMODE"]
    command = "; ".join(f'echo "$CREDIT_READER_DATABASE_{name}"' for name in names)
    done = subprocess.run(
        [str(GRAFANA / "entrypoint.sh"), "sh", "-c", command],
        env={"CREDIT_READER_DATABASE_URL_FILE": str(secret), "PATH": "/usr/bin:/bin"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == expected, done.stderr


def test_an_address_that_is_none_is_said(tmp_path):
    (tmp_path / "url").write_text("mysql://x")
    done = subprocess.run(
        [str(GRAFANA / "entrypoint.sh"), "true"],
        env={"CREDIT_READER_DATABASE_URL_FILE": str(tmp_path / "url"), "PATH": "/usr/bin:/bin"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "expected postgresql://user:password@host:port/name" in done.stderr
