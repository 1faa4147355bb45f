"""The platform's processes: what runs, on which ports, in which environment.

Here: one entry a process, and what must be in place before they start. Keep out: starting
and stopping them (`supervisor`), and what a process does.
"""

import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.preparation import prepare_database
from credit_risk.errors import SettingsError
from resources.database import Database
from resources.lake import Lake
from resources.registry import open_registry
from resources.settings import REPOSITORY, Settings


@dataclass(frozen=True)
class Process:
    """One supervised process. Its output goes to a log file, unless it speaks to the user."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    speaks: bool = False


@dataclass(frozen=True)
class Page:
    """Something to open in a browser."""

    name: str
    url: str
    port: int
    setting: str


def pages(settings: Settings) -> list[Page]:
    """The addresses that people open."""
    return [
        Page(
            "Dagster",
            f"http://127.0.0.1:{settings.dagster_port}",
            settings.dagster_port,
            "CREDIT_DAGSTER_PORT",
        ),
        Page("MLflow", f"http://127.0.0.1:{settings.mlflow_port}", settings.mlflow_port, "CREDIT_MLFLOW_PORT"),
        Page(
            "Dashboard",
            f"http://127.0.0.1:{settings.dashboard_port}",
            settings.dashboard_port,
            "CREDIT_DASHBOARD_PORT",
        ),
        Page("Service", f"http://127.0.0.1:{settings.api_port}/docs", settings.api_port, "CREDIT_API_PORT"),
    ]


def check_ports(settings: Settings) -> None:
    """Every port is free.

    Raises:
        SettingsError: names every port that is taken, and the setting that moves it.
    """
    taken = [page for page in pages(settings) if not _is_free(page.port)]
    if taken:
        raise SettingsError(
            "ports in use: " + ", ".join(f"{page.port} ({page.name})" for page in taken),
            expected="free ports",
            remedy="stop what listens there, or set " + ", ".join(page.setting for page in taken),
        )


def prepare(settings: Settings, database: Database) -> None:
    """Make what every process relies on: what is in the database, and Dagster's home."""
    prepare_database(settings, database)
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    link = settings.dagster_home / "dagster.yaml"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(REPOSITORY / "dagster.yaml")


def platform_processes(settings: Settings, database: Database, sockets: Path) -> list[Process]:
    """Everything that `credit up` runs; `sockets` is an empty folder with a short path."""
    registry = open_registry(database, Lake(settings.lake_root))
    code_socket = sockets / "code.sock"
    workspace = _write_workspace(settings, code_socket)
    dagster = {"DAGSTER_HOME": str(settings.dagster_home)}
    mlflow = {
        # In the environment, because a command line is everybody's to read.
        "MLFLOW_BACKEND_STORE_URI": registry.tracking_uri,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": registry.artifact_root,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # MLflow's job workers serve features that nobody here uses.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    # One code server for all: otherwise the daemon starts a fresh one about every minute.
    code = ["dagster", "api", "grpc", "--socket", str(code_socket), "--module-name", "definitions",
            "--location-name", "definitions", "--inject-env-vars-from-instance"]  # fmt: skip
    webserver = [
        "dagster_webserver",
        "-h",
        "127.0.0.1",
        "-p",
        str(settings.dagster_port),
        "-w",
        str(workspace),
    ]
    ui = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(settings.mlflow_port), "--workers", "1"]
    return [
        Process("postgres", _module("cli", "db", "watch")),
        Process("code", _module(*code), dagster),
        Process("webserver", _module(*webserver), dagster),
        Process("daemon", _module("dagster._daemon", "run", "-w", str(workspace)), dagster),
        Process("mlflow", _module(*ui), mlflow),
        Process("service", _module("serving")),
        Process("dashboard", _module("dashboard")),
    ]


def _module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _write_workspace(settings: Settings, code_socket: Path) -> Path:
    workspace = settings.dagster_home / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server:\n      socket: {code_socket}\n      location_name: definitions\n"
    )
    return workspace


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
