"""`credit keys`: who may ask the scoring service.

Here: asking the table and telling people. Keep out: the form of a key (`resources.api_keys`).
A key is printed once, alone on standard output, so that a script can keep it.
"""

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.console import console, errors
from credit_risk.errors import SettingsError
from resources.api_keys import ApiKey, ApiKeys
from resources.database import open_database
from resources.schema import require_schema
from resources.settings import load_settings

app = typer.Typer(help="API keys of the scoring service.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="whose key it is")],
    role: Annotated[
        list[str],
        typer.Option(help="score (predict), observe (decisions, model, metrics), admin (all); may be repeated"),
    ],
    rate: Annotated[int | None, typer.Option(help="requests a minute at most; none: no limit")] = None,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    keys = _keys()
    is_first = not keys.all()
    key, text = keys.create(name, role, rate_limit_per_minute=rate, created_by=getpass.getuser())
    errors.print(f"key [bold]{key.key_id}[/] for {escape(key.name)}: {_described(key)}. It is shown only now:")
    typer.echo(text)
    errors.print("Send it in the header X-API-Key. Services know it within 5 seconds.")
    if is_first:
        errors.print("It is the first: from now on a request without a key is refused. The dashboard, and "
                     "`credit traffic`, need CREDIT_API_KEY with a key of the roles score and observe.")  # fmt: skip


@app.command()
def adopt(
    file: Annotated[Path, typer.Argument(help="file that holds the key and nothing else")],
    name: Annotated[str, typer.Option(help="whose key it is")],
    role: Annotated[list[str], typer.Option(help="score, observe, admin; may be repeated")],
) -> None:
    """Put a key on record that is in a file of secrets already. Doing it again changes nothing."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file}, which cannot be read ({type(error).__name__})",
            expected="a file with one API key",
            remedy="correct its name or permissions",
        ) from None
    # Who asks for it is a job more often than a person.
    adopted = _keys().adopt(name, role, text, created_by="credit keys adopt")
    console.print(f"key for {escape(name)} " + ("is on record now" if adopted else "was on record already"))


@app.command("list")
def show() -> None:
    """List every key ever made, without its secret."""
    table = Table("key_id", "name", "roles", "a minute", "created", "by", "revoked")
    # What `revoke` takes must not be cut short on a narrow terminal.
    table.columns[0].no_wrap = True
    for key in _keys().all():
        table.add_row(
            key.key_id,
            escape(key.name),
            ", ".join(key.roles),
            str(key.rate_limit_per_minute or "no limit"),
            f"{key.created_at:%Y-%m-%d %H:%M}",
            escape(key.created_by),
            f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        )
    console.print(table)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="as `credit keys list` shows it")]) -> None:
    """Revoke a key for good. Services refuse it within 5 seconds."""
    revoked = _keys().revoke(key_id)
    console.print(f"key {escape(key_id)} " + ("revoked" if revoked else "was revoked already"))


def _keys() -> ApiKeys:
    database = open_database(load_settings())
    require_schema(database)
    return ApiKeys(database)


def _described(key: ApiKey) -> str:
    limit = f"{key.rate_limit_per_minute} requests a minute" if key.rate_limit_per_minute else "no limit"
    return f"{', '.join(key.roles)}; {limit}"
