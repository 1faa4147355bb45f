"""`credit model compare` and `credit model promote`: what the gate said, and a person's word against it.

Here: the table of a comparison, and the promotion that somebody answers for by name. Keep out:
judging (`credit_risk.gate`), and the promotion by figures; that is the asset `champion_model`.
"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.author import named_author
from cli.console import console
from cli.service_version import wait_for_service
from credit_risk.errors import ModelError, SettingsError
from credit_risk.gate.criterion import Criterion
from credit_risk.gate.verdict import Verdict
from resources.database import Database, open_database
from resources.lake import Lake
from resources.model_comparisons import ModelComparisons
from resources.settings import Settings, load_settings
from resources.training_reference import TrainingReference

if TYPE_CHECKING:
    from resources.registry import Registry

COLOURS = {"passed": "green", "failed": "bold red", "not judged": "dim"}


def compare_command(
    version: Annotated[str, typer.Argument(help="a challenger (the newest candidate)")] = "",
) -> None:
    """Show what the gate said about a challenger when it last met the champion: every criterion with its numbers."""
    settings = load_settings()
    lake = Lake(settings.lake_root)
    target = version.strip() or _newest(open_registry_of(settings))
    verdict = ModelComparisons(lake).get(target)
    console.print(comparison_table(verdict))
    console.print(escape(said(verdict)))


def promote_command(
    version: Annotated[str, typer.Argument(help="a registered version; `credit model list` shows them")],
    reason: Annotated[str, typer.Option("--reason", help="why; kept in the history")],
    author: Annotated[str, typer.Option("--author", help="who says so (the user of this machine)")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Make a version production whatever the gate said, and wait until the running service answers with it.

    Name and reason stand in the history, with what the gate said.
    """
    from serving.served_model import ready_to_serve

    settings = load_settings()
    who, why, target = named_author(author), required_reason(reason, "a promotion"), version.strip()
    database, lake = open_database(settings), Lake(settings.lake_root)
    registry = open_registry_of(settings, database)
    present = registry.production_version()
    if target == present:
        raise ModelError(
            f"version {target} live already",
            expected="another version to promote",
            remedy="name another one; `credit model list` shows them",
        )
    # What the service would refuse must not be called production, nor what nobody could watch.
    ready_to_serve(registry.load(target))
    TrainingReference(database, lake).sample(target)
    verdict = _verdict_on(lake, target, present)
    told = said(verdict) if verdict else f"the gate has not compared version {target} with {present or 'none'}"
    console.print(escape(told))
    against = verdict is None or not verdict.promote
    if against and not yes:
        typer.confirm(f"Promote version {target} all the same?", abort=True)
    by_hand = "override of the gate" if against else "promotion by hand"
    registry.promote(target, cause=f"{by_hand}: {why} ({told})", author=who)
    registry.annotate(target, verdict="overridden" if against else "promoted", override=f"{who}: {why}")
    console.print(f"version [bold]{target}[/] is production now, by {escape(who)}; before: {present or 'none'}")
    console.print(wait_for_service(settings, target))


def comparison_table(verdict: Verdict) -> Table:
    """A verdict as a table for people, one row a criterion."""
    table = Table(title=f"Model {verdict.challenger} against {verdict.champion or 'no champion'}")
    for column in ("criterion", "outcome", "challenger", "champion", "difference", "says"):
        table.add_column(column, justify="right" if column in {"challenger", "champion"} else "left", overflow="fold")
    for criterion in verdict.criteria:
        colour = COLOURS[criterion.outcome]
        table.add_row(
            criterion.title,
            f"[{colour}]{criterion.outcome}[/]",
            _number(criterion.challenger),
            _number(criterion.champion),
            escape(_difference(criterion)),
            escape(criterion.sentence),
        )
    return table


def said(verdict: Verdict) -> str:
    """The gate's answer in a sentence."""
    return f"the gate {'promotes' if verdict.promote else 'refuses'}: {verdict.reason}"


def required_reason(reason: str, for_what: str) -> str:
    """The words given.

    Raises:
        SettingsError: there are none.
    """
    if not reason.strip():
        raise SettingsError(
            f"no reason for {for_what}",
            expected="--reason with the words that others will read in the history",
            remedy='say why: --reason "refuses every applicant over 60"',
        )
    return reason.strip()


def open_registry_of(settings: Settings, database: Database | None = None) -> "Registry":
    """The registry that the settings name."""
    from resources.registry import open_registry

    return open_registry(database or open_database(settings), Lake(settings.lake_root))


def _newest(registry: "Registry") -> str:
    version = registry.staging_version()
    if version is None:
        raise ModelError(
            "no candidate model",
            expected="one that was trained and compared",
            remedy="materialize credit_model, then model_comparison",
        )
    return version


def _verdict_on(lake: Lake, version: str, present: str | None) -> Verdict | None:
    """What the gate said about a version and the present champion; None when it has not compared the two."""
    verdict = ModelComparisons(lake).find(version)
    return verdict if verdict and verdict.champion == present else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _difference(criterion: Criterion) -> str:
    if criterion.difference is None:
        return ""
    if criterion.low is None or criterion.high is None:
        return f"{criterion.difference:+.4f}"
    return f"{criterion.difference:+.4f} [{criterion.low:+.4f}, {criterion.high:+.4f}]"
