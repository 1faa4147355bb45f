"""`credit model`: which model was live when, and back to an earlier one.

Here: the group of commands, the table of live models, the registry's versions, and the rollback.
Keep out: the gate and promotions (`model_gate`), and trainings (`retrain`).
"""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.author import named_author
from cli.console import console
from cli.model_gate import compare_command, open_registry_of, promote_command, required_reason
from cli.service_version import wait_for_service
from credit_risk.errors import ModelError
from resources.database import open_database
from resources.live_models import LiveModel, LiveModels, version_before
from resources.settings import load_settings

app = typer.Typer(help="The live model.", no_args_is_help=True)
app.command("compare")(compare_command)
app.command("promote")(promote_command)


@app.command("history")
def history_command() -> None:
    """List which model was live when, newest first: from, to, why, and who said so."""
    stays = LiveModels(open_database(load_settings())).history()
    if not stays:
        console.print("no model has been live yet; materialize champion_model to promote the first one")
        return
    console.print(history_table(stays))


@app.command("list")
def list_command() -> None:
    """List the registered versions, newest first, with their aliases and what was said about them."""
    settings = load_settings()
    rows = open_registry_of(settings).versions()
    if not rows:
        console.print("no model has been registered yet; materialize credit_model to train the first one")
        return
    console.print(versions_table(rows))


@app.command("rollback")
def rollback_command(
    reason: Annotated[str, typer.Option("--reason", help="why; kept in the history")],
    to: Annotated[str, typer.Option("--to", help="a version (the one that was live before the present one)")] = "",
    author: Annotated[str, typer.Option("--author", help="who says so (the user of this machine)")] = "",
) -> None:
    """Make an earlier version production again, and wait until the running service answers with it."""
    from serving.served_model import ready_to_serve

    settings = load_settings()
    who, why = named_author(author), required_reason(reason, "a rollback")
    registry = open_registry_of(settings)
    stays = registry.live_models.history()
    present = registry.production_version()
    target = to.strip() or _before(stays)
    if target == present:
        raise ModelError(
            f"version {target} live already",
            expected="another version to go back to",
            remedy="name one with --to; `credit model list` shows them",
        )
    # What the service would refuse must not be called production.
    ready_to_serve(registry.load(target))
    registry.promote(target, cause=f"rollback from {present or 'none'}: {why}", author=who)
    console.print(f"version [bold]{target}[/] is production again, by {escape(who)}; before: {present or 'none'}")
    console.print(wait_for_service(settings, target))


def history_table(stays: Sequence[LiveModel]) -> Table:
    """The stays in production as a table for people, newest first."""
    table = Table(title="Live models")
    for column in ("version", "from", "to", "cause", "author"):
        table.add_column(column, overflow="fold")
    for stay in reversed(stays):
        ended = f"{stay.live_to:%Y-%m-%d %H:%M:%S}" if stay.live_to else "[green]live[/]"
        table.add_row(
            stay.model_version, f"{stay.live_from:%Y-%m-%d %H:%M:%S}", ended, escape(stay.cause), escape(stay.author)
        )
    return table


def versions_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The registered versions as a table for people, newest first."""
    table = Table(title="Registered models")
    for column in ("version", "aliases", "verdict", "reason", "trained because of"):
        table.add_column(column, overflow="fold")
    for row in reversed(rows):
        tags = row["tags"]
        verdict = " by ".join(escape(tags[name]) for name in ("verdict", "override") if name in tags)
        said = (escape(tags.get(name, "")) for name in ("reason", "cause"))
        table.add_row(row["version"], ", ".join(row["aliases"]), verdict, *said)
    return table


def _before(stays: Sequence[LiveModel]) -> str:
    version = version_before(stays)
    if version is None:
        live = stays[-1].model_version if stays else "none"
        raise ModelError(
            f"no version to go back to: live is {live}, and none before it still stands",
            expected="an earlier version in `credit model history`",
            remedy="name one with --to; `credit model list` shows them",
        )
    return version
