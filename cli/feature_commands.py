"""`credit features`: what it takes, and its help.

Here: declarations; each command imports what it runs. Keep out: what they do (`cli.features`).
"""

from typing import Annotated

import typer

app = typer.Typer(help="Versions of the feature tables.", no_args_is_help=True)

FeatureTable = Annotated[
    str, typer.Option("--table", help="client_features, or the features of one source: bureau, application, ...")
]


@app.command("list")
def features_list(table: FeatureTable = "client_features") -> None:
    """List the versions of a feature table, newest first: when, from what, how large, and which models use them.

    "new" are raw files that the version below was not computed from.
    """
    from cli.features import list_versions

    list_versions(table)


@app.command("diff")
def features_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="a version; the beginning of its name is enough")],
    second: Annotated[str, typer.Argument(metavar="B", help="another version")],
    table: FeatureTable = "client_features",
    top: Annotated[int, typer.Option(min=1, help="changed features to show")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="everything, for machines")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Compare version A with version B: features added, removed and changed, most changed first.

    A feature changed by the share of the clients of both versions whose value differs. Missing shares and
    means are those of all clients of each version.
    """
    from cli.features import diff_versions

    diff_versions(first, second, table, top, as_json=as_json)


@app.command("prune")
def features_prune(
    keep: Annotated[int, typer.Option(min=1, help="newest versions of each table that stay in any case")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go, and remove nothing")] = False,  # noqa: FBT002  # a flag of the command
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Remove old versions of all feature tables, and what killed runs left behind more than an hour ago.

    Whatever their age, these stay: the accepted version of each table, the versions that it was put together
    from, and every version that a model in the registry was trained on. Without the registry nothing goes.
    """
    from cli.features import prune

    prune(keep, dry_run=dry_run, yes=yes)
