"""`credit db`: the platform's tables, and the embedded PostgreSQL that may hold them."""

import signal
import threading
from datetime import UTC, datetime

import typer

from cli.console import console
from resources import embedded_postgres, roles, schema
from resources.database import open_database
from resources.settings import load_settings

app = typer.Typer(help="The database.", no_args_is_help=True)

# A killed server is back within two of these; asking more often only costs.
WATCH_INTERVAL_S = 1.0


@app.command()
def upgrade() -> None:
    """Bring the tables up to date. Safe to run again, and twice at once."""
    database = open_database(load_settings())
    revision = schema.upgrade(database, datetime.now(UTC).date())
    console.print(f"schema [bold]credit[/] at revision {revision} in {database.safe_url}")
    with database.connect() as connection:
        wanting = roles.prepare_roles(connection)
    if wanting:
        console.print("this user may not set up the database roles; until then the service works as the owner.")
        console.print("As an administrator run these, then `credit db upgrade` again:")
        console.print(";\n".join(wanting) + ";", soft_wrap=True)


@app.command()
def prepare() -> None:
    """Make what every process relies on: our tables, Dagster's schema, MLflow's tables, and the rights on them.

    For a deployment, once before a new version starts. Safe to run again.
    """
    from cli.preparation import prepare_database

    upgrade()
    settings = load_settings()
    database = open_database(settings)
    prepare_database(settings, database)
    with database.connect() as connection:
        granted = roles.apply_grants(connection)
    console.print(f"registry ready; {len(granted)} rights changed")


@app.command()
def status() -> None:
    """Say which database is used, and whether it answers. Exit code 1 when it does not."""
    settings = load_settings()
    if settings.database_url is None and not embedded_postgres.is_running(settings.postgres_dir):
        console.print(f"embedded PostgreSQL in {settings.postgres_dir}: stopped")
        raise typer.Exit(1)
    database = open_database(settings)
    with database.connect() as connection:
        version = connection.info.parameter_status("server_version")
    console.print(f"PostgreSQL {version} at {database.safe_url}: running")


@app.command()
def stop() -> None:
    """Stop the embedded PostgreSQL, whoever uses it."""
    settings = load_settings()
    stopped = embedded_postgres.stop(settings.postgres_dir)
    console.print("embedded PostgreSQL " + ("stopped" if stopped else "was not running"))


@app.command()
def watch() -> None:
    """Keep the embedded PostgreSQL running until this command is stopped; start it again when it dies."""
    settings = load_settings()
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    while not ended.wait(WATCH_INTERVAL_S):
        if settings.database_url is None and not embedded_postgres.is_running(settings.postgres_dir):
            console.print("embedded PostgreSQL is down: starting it again")
            embedded_postgres.attach(settings.postgres_dir)
