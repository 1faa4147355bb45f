"""`python -m deploy.grafana`: write the dashboards as JSON, where Grafana's provisioning reads them."""

from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.decisions import decisions
from deploy.grafana.drift import drift
from deploy.grafana.logs import logs
from deploy.grafana.operations import operations

FOLDER = Path(__file__).parent / "dashboards"


def files() -> Mapping[str, str]:
    """The text of each file by its name."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    boards = [_numbered(make().build()) for make in (operations, decisions, drift, logs)]
    return {f"{board.uid}.json": encoder.encode(board) + "\n" for board in boards}


def _numbered(board: Dashboard) -> Dashboard:
    # Addresses of panels and embedded pictures name them by number.
    for number, panel in enumerate(board.panels or [], start=1):
        panel.id_val = number
    return board


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text)
        print(FOLDER / name)
