"""`credit model`: which model was live when, and back to an earlier one.

Here: the table of live models, the registry's versions, and the rollback with its wait for the
running service. Keep out: promotion by figures; that is the asset `champion_model`.
"""

import getpass
from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer
from rich.table import Table

from cli.console import console
from credit_risk.errors import ModelError, SettingsError, UnavailableError
from resources.database import open_database
from resources.live_models import LiveModel, LiveModels, version_before
from resources.settings import Settings, load_settings

if TYPE_CHECKING:
    from resources.registry import Registry

app = typer.Typer(help="The live model.", no_args_is_help=True)

# Twice what a promotion may take to reach every worker.
WAIT_S = 10.0
POLL_S = 0.25

# Each look is a connection of its own, which any of the workers may take: of two, one that still
# has the old model is missed eight times in a row once in 256. It follows within seconds anyway.
ANSWERS_PER_WORKER = 4

Health = dict[str, Any]


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
    rows = _registry(settings).versions()
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
    who, why = author.strip() or _user(), _reason(reason)
    registry = _registry(settings)
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
    console.print(f"version [bold]{target}[/] is production again, by {who}; before: {present or 'none'}")
    console.print(wait_for_service(settings, target))


def history_table(stays: Sequence[LiveModel]) -> Table:
    """The stays in production as a table for people, newest first."""
    table = Table(title="Live models")
    for column in ("version", "from", "to", "cause", "author"):
        table.add_column(column, overflow="fold")
    for stay in reversed(stays):
        ended = f"{stay.live_to:%Y-%m-%d %H:%M:%S}" if stay.live_to else "[green]live[/]"
        table.add_row(stay.model_version, f"{stay.live_from:%Y-%m-%d %H:%M:%S}", ended, stay.cause, stay.author)
    return table


def versions_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The registered versions as a table for people, newest first."""
    table = Table(title="Registered models")
    for column in ("version", "aliases", "verdict", "reason", "trained because of"):
        table.add_column(column, overflow="fold")
    for row in reversed(rows):
        tags = row["tags"]
        said = (tags.get(name, "") for name in ("verdict", "reason", "cause"))
        table.add_row(row["version"], ", ".join(row["aliases"]), *said)
    return table


def wait_for_service(settings: Settings, version: str, *, timeout: float = WAIT_S) -> str:
    """Wait until every worker of the service answers with a version; one line that says how it went.

    Raises:
        UnavailableError: it runs and does not; says what it says about itself.
    """
    return _wait(lambda: _health(settings), version, timeout=timeout, in_a_row=_answers_in_a_row(settings))


def _wait(look: Callable[[], Health | None], version: str, *, timeout: float, in_a_row: int) -> str:
    started, agreed = monotonic(), 0
    health = look()
    if health is None:
        return "the service does not run here; it will answer with this version when it starts"
    while True:
        agreed = agreed + 1 if health is not None and health.get("model_version") == version else 0
        if agreed >= in_a_row:
            return f"the service answers with version {version} after {monotonic() - started:.1f} s"
        if monotonic() - started > timeout:
            raise _not_followed(health, version, timeout)
        if not agreed:
            sleep(POLL_S)
        health = look()


def _not_followed(health: Health | None, version: str, timeout: float) -> UnavailableError:
    told = "; ".join(health.get("problems", [])) if health else "it stopped answering"
    found = health.get("model_version") if health else None
    return UnavailableError(
        f"a service that answers with version {found or 'none'} after {timeout:.0f} s ({told or 'no problem named'})",
        expected=f"version {version}, which the registry calls production now",
        remedy="read the service's log; roll back to another version if this one is refused",
    )


def _health(settings: Settings) -> Health | None:
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    try:
        return dict(httpx.get(f"http://{host}:{settings.api_port}/health", timeout=5).json())
    except (httpx.TransportError, ValueError):
        return None


def _answers_in_a_row(settings: Settings) -> int:
    return 1 if settings.api_workers == 1 else settings.api_workers * ANSWERS_PER_WORKER


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


def _reason(reason: str) -> str:
    if not reason.strip():
        raise SettingsError(
            "no reason for a rollback",
            expected="--reason with the words that others will read in the history",
            remedy='say why: --reason "refuses every applicant over 60"',
        )
    return reason.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has a number and no name.
        raise SettingsError(
            "a user of this machine without a name",
            expected="an author for the history",
            remedy="say who you are with --author",
        ) from None


def _registry(settings: Settings) -> "Registry":
    from resources.lake import Lake
    from resources.registry import open_registry

    return open_registry(open_database(settings), Lake(settings.lake_root))
