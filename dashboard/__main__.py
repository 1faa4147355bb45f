"""`python -m dashboard`: the dashboard at the address of the settings."""

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from credit_risk.errors import CreditError
from dashboard.access import check_address, sign_in_configured
from resources.settings import Settings, load_settings

APP = Path(__file__).with_name("app.py")

# What the first visitor would wait for: the tabs with all that they import, and what they import when needed.
IMPORTED_EARLY = (
    *(f"dashboard.tabs.{tab}" for tab in ("score", "decisions", "service", "drift", "model")),
    "lightgbm",
    "mlflow",
    "sqlalchemy",
    "credit_risk.features.form",
)


def arguments(settings: Settings) -> list[str]:
    """What Streamlit is started with; the rest stands in its configuration file beside the app."""
    return [
        "streamlit", "run", str(APP),
        "--server.address", settings.dashboard_host,
        "--server.port", str(settings.dashboard_port),
    ]  # fmt: skip


def get_ready() -> None:
    """Do before the first visit what takes seconds: imports, the registry's first connection, the live model.

    What does not answer yet is asked again by whoever needs it.
    """
    for module in IMPORTED_EARLY:
        import_module(module)
    from dashboard import sources

    with suppress(CreditError):
        version = sources.registry().production_version()
        if version is not None:
            sources.model(version).warm_up()


def main() -> None:
    """Run until stopped; refuses an address at which strangers could look."""
    try:
        settings = load_settings()
        check_address(settings.dashboard_host, sign_in=sign_in_configured(), guarded=settings.dashboard_guarded)
    except CreditError as error:
        sys.stderr.write(f"error {error}\n")
        sys.exit(1)
    get_ready()
    from streamlit.web.cli import main as streamlit

    sys.argv = arguments(settings)
    # Ends the process itself, as commands do.
    streamlit()


if __name__ == "__main__":
    main()
