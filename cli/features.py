"""`credit features`: list, compare and prune the versions of the feature tables.

Here: asking the store and the registry, and telling people. Keep out: what differs
(`resources.feature_diff`) and what may go (`resources.feature_pruning`).
"""

from collections.abc import Mapping, Sequence

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.console import console
from credit_risk.errors import CreditError, ModelError, UnavailableError
from credit_risk.tables.violations import counted
from resources.database import open_database
from resources.feature_diff import FeatureDiff
from resources.feature_layout import FOLDER
from resources.feature_pruning import PrunePlan, Stored
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.feature_use import models_by_feature_version
from resources.feature_version import FeatureVersion
from resources.lake import Lake
from resources.registry import open_registry
from resources.settings import Settings, load_settings

# Enough to recognize a change by; a whole list of names is for `--json`.
NAMES_SHOWN = 20


def list_versions(table: str) -> None:
    """Print the versions of a table, newest first, and what there is of the other tables.

    Raises:
        ModelError: there is no version of it.
    """
    settings = load_settings()
    store = FeatureStore(Lake(settings.lake_root))
    stored = _require_versions(store, table)
    unknown = ""
    models: Mapping[str, Sequence[str]] | None = {}
    if table == CLIENT_FEATURES:
        try:
            models = _models(settings, store)
        except CreditError as error:
            # The list is useful without: who asks for it because the registry is away must get it.
            models, unknown = None, str(error)
    console.print(version_table(table, stored, store.accepted(table), models))
    if unknown:
        console.print(f"[yellow]which models use them is not known:[/] {escape(unknown)}", soft_wrap=True)
    others = [f"{other} ({n})" for other, n in store.tables().items() if other != table]
    if others:
        console.print(f"other tables and their versions, shown with --table: {', '.join(others)}", soft_wrap=True)


def diff_versions(first: str, second: str, table: str, top: int, *, as_json: bool) -> None:
    """Print how two versions differ; each may be given by the beginning of its name.

    Raises:
        ModelError: no such version, or more than one that begins so.
    """
    store = FeatureStore(Lake(load_settings().lake_root))
    before, after = (store.find(prefix, table).version for prefix in (first, second))
    diff = store.diff(before, after, table)
    if as_json:
        # Not through the console, which would wrap it.
        typer.echo(orjson.dumps(diff.to_dict(), option=orjson.OPT_INDENT_2).decode())
        return
    console.print("\n".join(diff_lines(diff)), soft_wrap=True)
    if diff.changed:
        console.print(change_table(diff, top))


def prune(keep: int, *, dry_run: bool, yes: bool) -> None:
    """Say what goes and what stays although it is old, ask, and remove it.

    Raises:
        ModelError: there is nothing in the store, or a model does not say what it was trained on.
        UnavailableError: the registry does not answer; nothing is removed without it.
    """
    settings = load_settings()
    store = FeatureStore(Lake(settings.lake_root))
    if not store.lake.files(FOLDER):
        raise _nothing(store, CLIENT_FEATURES)
    plan = store.plan_prune(keep, _models_or_refuse(settings, store))
    _tell(plan, keep, "would be removed" if dry_run else "to be removed")
    if not (plan.remove or plan.leftovers):
        console.print("nothing to remove")
        return
    if dry_run:
        console.print(f"would free {size(plan.freed)}; nothing was removed")
        return
    if not yes:
        typer.confirm(f"Remove them and free {size(plan.freed)}?", abort=True)
    # While somebody thought it over, a model may have been trained or a version accepted.
    agreed = store.plan_prune(keep, _models_or_refuse(settings, store)).only(plan)
    store.carry_out(agreed)
    what = f"{counted(len(agreed.remove), 'version')} and {counted(len(agreed.leftovers), 'leftover')}"
    console.print(f"removed {what}: {size(agreed.freed)} freed")


def version_table(
    table: str, stored: Sequence[Stored], accepted: str | None, models: Mapping[str, Sequence[str]] | None
) -> Table:
    """The versions as a table for people; `models` is None when nobody knows."""
    title = f"{table}: {counted(len(stored), 'version')}, {size(sum(each.bytes for each in stored))}"
    shown = Table(title=title)
    # In a terminal of 80 columns only what may be long is folded.
    shown.add_column("version", no_wrap=True)
    shown.add_column("created\n(UTC)", no_wrap=True)
    shown.add_column("raw files", overflow="fold")
    shown.add_column("models", overflow="fold")
    shown.add_column("rows x\nfeatures", justify="right", no_wrap=True)
    shown.add_column("size", justify="right", no_wrap=True)
    for number, each in enumerate(stored):
        record = each.record
        older = stored[number + 1].record.raw_sha256 if number + 1 < len(stored) else record.raw_sha256
        others = sorted(name for name, digest in record.raw_sha256.items() if older.get(name) != digest)
        raw = f"{len(record.raw_sha256)}" + (f", new: {', '.join(others)}" if others else "")
        users = "?" if models is None else ", ".join(models.get(record.version, []))
        name = f"{record.version}\n[green]accepted[/]" if record.version == accepted else record.version
        shape = f"{record.rows:,} x {len(record.missing)}"
        shown.add_row(name, f"{record.created:%Y-%m-%d\n%H:%M}", raw, escape(users), shape, size(each.bytes))
    return shown


def diff_lines(diff: FeatureDiff) -> list[str]:
    """What is told before the features: where the versions come from, and who and what is in one alone."""
    before, after = diff.before, diff.after
    n_features = {
        "changed": len(diff.changed),
        "unchanged": len(diff.unchanged),
        "added": len(diff.added),
        "removed": len(diff.removed),
    }
    n_clients = {"in both": diff.n_common, "only before": len(diff.only_before), "only after": len(diff.only_after)}
    lines = [
        f"{after.table}: [bold]{before.version}[/] ({_moment(before)}) -> [bold]{after.version}[/] ({_moment(after)})",
        f"code: {'the same' if diff.same_code else 'another'}",
        f"raw files that differ: {', '.join(diff.raw_changed) or 'none'}",
        "clients: " + ", ".join(f"{n:,} {where}" for where, n in n_clients.items()),
        "features: " + ", ".join(f"{n} {what}" for what, n in n_features.items()),
    ]
    names = {"added": diff.added, "removed": diff.removed}
    return lines + [f"{what}: {_some(which)}" for what, which in names.items() if which]


def change_table(diff: FeatureDiff, top: int) -> Table:
    """The most changed features as a table for people."""
    shown = Table(title=f"{min(top, len(diff.changed))} of {len(diff.changed)} changed features, most changed first")
    for column in ("feature", "clients that differ", "missing before", "after", "mean before", "after"):
        shown.add_column(column, justify="left" if column == "feature" else "right")
    for change in diff.changed[:top]:
        shown.add_row(
            change.feature, _share(change.differing), _share(change.missing_before), _share(change.missing_after),
            _number(change.mean_before), _number(change.mean_after),
        )  # fmt: skip
    return shown


def size(n_bytes: int) -> str:
    """Bytes for people, in powers of ten as disks are sold."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes / 1e3:.1f} kB"


def _tell(plan: PrunePlan, keep: int, verb: str) -> None:
    if plan.remove:
        shown = Table("table", "version", "created (UTC)", "size", title=f"versions {verb}")
        for each in plan.remove:
            shown.add_row(*each.key, _moment(each.record), size(each.bytes))
        console.print(shown)
    if plan.kept:
        shown = Table("table", "version", "size", "because", title=f"kept, though older than the newest {keep}")
        for kept in plan.kept:
            shown.add_row(kept.table, kept.version, size(kept.bytes), escape(kept.reason))
        console.print(shown)
    for left in plan.leftovers:
        what = "an upload that was never finished" if left.upload else size(left.bytes)
        console.print(f"left by a killed run, {verb}: {escape(left.name)} ({what})", soft_wrap=True)
    for left in plan.recent:
        console.print(f"left alone, perhaps of a run in progress: {escape(left.name)}", soft_wrap=True)


def _models(settings: Settings, store: FeatureStore) -> dict[str, list[str]]:
    with console.status("asking the registry which models use them"):
        return models_by_feature_version(open_registry(open_database(settings), store.lake))


def _models_or_refuse(settings: Settings, store: FeatureStore) -> dict[str, list[str]]:
    try:
        return _models(settings, store)
    except UnavailableError as error:
        raise UnavailableError(
            f"{error.found}: nobody can say which versions models need, and nothing was removed",
            expected=error.expected,
            remedy=error.remedy,
        ) from None


def _require_versions(store: FeatureStore, table: str) -> list[Stored]:
    stored = store.stored(table)
    if not stored:
        raise _nothing(store, table)
    return stored


def _nothing(store: FeatureStore, table: str) -> ModelError:
    tables = ", ".join(store.tables())
    return ModelError(
        f"no version of {table} at {store.lake.uri(FOLDER)}",
        expected=f"a table that has one: {tables}" if tables else "features in the lake",
        remedy="correct --table" if tables else f"materialize the asset of {table}, or correct CREDIT_LAKE",
    )


def _moment(record: FeatureVersion) -> str:
    return f"{record.created:%Y-%m-%d %H:%M}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more, which --json names" if more > 0 else "")


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"
