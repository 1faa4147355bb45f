"""Copies into the chart what PostgreSQL, Prometheus, Alertmanager, Grafana and Fluentd read on one machine too.

A chart can hold only files of its own folder, and a link would be lost in its package. So they are copied,
and a test (and `--check`) holds the copies to the originals.

    python deploy/helm/sync.py          # after a change in those folders of deploy/
"""

import sys
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent
FILES = DEPLOY / "helm" / "credit" / "files"

# Original, as a pattern below deploy/, and the folder below the chart's files/ that holds its copy.
COPIES = (
    ("prometheus/rules/*.yml", "prometheus/rules"),
    ("alertmanager/alertmanager.yml", "alertmanager"),
    ("alertmanager/templates/*", "alertmanager/templates"),
    ("grafana/dashboards/*.json", "grafana/dashboards"),
    ("grafana/provisioning/datasources/*.yaml", "grafana/datasources"),
    ("fluentd/fluent.conf", "fluentd/one-machine"),
    ("database/users.sh", "database"),
)


def differences() -> list[str]:
    """Copies that are missing, differ, or have no original any more; empty when all is well."""
    wanted = {FILES / folder / file.name: file for pattern, folder in COPIES for file in sorted(DEPLOY.glob(pattern))}
    found = {file for _, folder in COPIES for file in (FILES / folder).glob("*") if file.is_file()}
    stale = [f"{copy} has no original" for copy in sorted(found - wanted.keys())]
    return stale + [
        f"{copy} is not {original}"
        for copy, original in wanted.items()
        if not copy.is_file() or copy.read_bytes() != original.read_bytes()
    ]


def synchronize() -> None:
    """Make the copies what their originals are."""
    for _, folder in COPIES:
        for old in (FILES / folder).glob("*"):
            if old.is_file():
                old.unlink()
    for pattern, folder in COPIES:
        (FILES / folder).mkdir(parents=True, exist_ok=True)
        for original in DEPLOY.glob(pattern):
            (FILES / folder / original.name).write_bytes(original.read_bytes())


if __name__ == "__main__":
    if "--check" not in sys.argv:
        synchronize()
    if found := differences():
        sys.exit("\n".join([*found, "run: python deploy/helm/sync.py"]))
