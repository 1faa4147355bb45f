"""Pruning: which versions of feature tables may go, and why the others stay.

Here: the decision, over what the store and the registry know. Keep out: asking them
(`feature_store`, `feature_use`) and removing files (`feature_store`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from credit_risk.errors import SettingsError
from resources.feature_layout import DATA, version_of
from resources.feature_version import FeatureVersion
from resources.object_uploads import UnfinishedUpload

# A version by its table and its name.
Key = tuple[str, str]


@dataclass(frozen=True)
class Stored:
    """A complete version, and the bytes of its files."""

    record: FeatureVersion
    bytes: int

    @property
    def key(self) -> Key:
        """Its table and its name."""
        return self.record.table, self.record.version


@dataclass(frozen=True)
class Kept:
    """A version that stays although newer ones are enough, and why."""

    table: str
    version: str
    bytes: int
    reason: str


@dataclass(frozen=True)
class Leftover:
    """A file that belongs to no version, or an upload that never became one (`upload`; its size is not known)."""

    name: str
    bytes: int
    written: datetime
    upload: UnfinishedUpload | None = None


@dataclass(frozen=True)
class PrunePlan:
    """What pruning removes and what it does not.

    Attributes:
        remove: versions that nobody needs, newest first.
        kept: versions older than the newest, each with who needs it.
        leftovers: what killed runs left; removed.
        recent: what a run may be writing; left alone.
    """

    remove: tuple[Stored, ...]
    kept: tuple[Kept, ...]
    leftovers: tuple[Leftover, ...]
    recent: tuple[Leftover, ...]

    @property
    def freed(self) -> int:
        """Bytes that removing frees."""
        return sum(each.bytes for each in self.remove) + sum(left.bytes for left in self.leftovers)

    def only(self, agreed: "PrunePlan") -> "PrunePlan":
        """This plan, without what an earlier one did not name."""
        return replace(
            self,
            remove=tuple(each for each in self.remove if each.key in {other.key for other in agreed.remove}),
            leftovers=tuple(left for left in self.leftovers if left in agreed.leftovers),
        )


def plan(
    stored: Sequence[Stored],
    unfinished: Sequence[Leftover],
    *,
    keep: int,
    accepted: Mapping[str, str | None],
    models: Mapping[Key, Sequence[str]],
    abandoned_before: datetime,
) -> PrunePlan:
    """Decide what goes.

    Args:
        stored: every complete version of every table, newest first.
        unfinished: files and uploads that belong to none.
        keep: how many of the newest versions of each table stay in any case.
        accepted: name of the accepted version of each table.
        models: the models that were trained on a version.
        abandoned_before: an unfinished file that was last written before was left by a killed run.

    Raises:
        SettingsError: `keep` is not positive.
    """
    if keep < 1:
        raise SettingsError(
            f"{keep} versions to keep", expected="1 or more of each table", remedy="keep at least the newest"
        )
    standing = [each.record for each in stored if accepted.get(each.record.table) == each.record.version]
    seen: Counter[str] = Counter()
    remove: list[Stored] = []
    kept: list[Kept] = []
    for each in stored:
        seen[each.record.table] += 1
        if seen[each.record.table] <= keep:
            continue
        reasons = [_standing(each.record, standing), _trained(each.key, models)]
        if any(reasons):
            kept.append(Kept(*each.key, each.bytes, "; ".join(reason for reason in reasons if reason)))
        else:
            remove.append(each)
    return _with_unfinished(PrunePlan(tuple(remove), tuple(kept), (), ()), unfinished, models, abandoned_before)


def _with_unfinished(
    made: PrunePlan, unfinished: Sequence[Leftover], models: Mapping[Key, Sequence[str]], abandoned_before: datetime
) -> PrunePlan:
    needed = {left: _trained(version_of(left.name), models) for left in unfinished if _is_data(left)}
    kept = [
        Kept(*version_of(left.name), left.bytes, f"{reason}; it has no record")
        for left, reason in needed.items()
        if reason
    ]
    loose = [left for left in unfinished if not needed.get(left)]
    return replace(
        made,
        kept=(*made.kept, *kept),
        leftovers=tuple(left for left in loose if left.written < abandoned_before),
        recent=tuple(left for left in loose if left.written >= abandoned_before),
    )


def _is_data(left: Leftover) -> bool:
    return left.upload is None and left.name.endswith(DATA)


def _trained(version: Key, models: Mapping[Key, Sequence[str]]) -> str | None:
    trained = models.get(version, ())
    if not trained:
        return None
    one = len(trained) == 1
    return f"model{'' if one else 's'} {', '.join(trained)} {'was' if one else 'were'} trained on it"


def _standing(record: FeatureVersion, accepted: Sequence[FeatureVersion]) -> str | None:
    for other in accepted:
        if (other.table, other.version) == (record.table, record.version):
            return "it is the accepted version"
        if other.sources.get(record.table) == record.version:
            return f"the accepted {other.table} {other.version} stands on it"
    return None
