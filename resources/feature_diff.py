"""How two stored versions of a feature table differ.

Here: reading two versions side by side, some columns at a time, and what is told of them. Keep
out: the measures (`credit_risk.features.comparison`), and where versions are (`feature_store`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from credit_risk.features.comparison import (
    FeatureChange,
    MatchedClients,
    compare_feature,
    match_clients,
    most_changed_first,
)
from resources.feature_files import CLIENT, file_columns, read_features
from resources.feature_version import FeatureVersion
from resources.lake import Lake

# 356,255 clients x 32 columns x 8 bytes x 2 versions is 180 MB; all 420 at once would be 2.4 GB.
COLUMNS_AT_ONCE = 32


@dataclass(frozen=True)
class FeatureDiff:
    """What changed from one version of a table to another.

    Attributes:
        before: record of the first version.
        after: record of the second.
        added: features of the second alone.
        removed: features of the first alone.
        changed: features whose values differ, most changed first.
        unchanged: features that have the same value for every client of both.
        n_common: clients of both.
        only_before: clients of the first alone.
        only_after: clients of the second alone.
    """

    before: FeatureVersion
    after: FeatureVersion
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FeatureChange, ...]
    unchanged: tuple[str, ...]
    n_common: int
    only_before: tuple[int, ...]
    only_after: tuple[int, ...]

    @property
    def raw_changed(self) -> tuple[str, ...]:
        """Raw tables of which the versions read different files."""
        names = sorted(self.before.raw_sha256.keys() | self.after.raw_sha256.keys())
        return tuple(name for name in names if self.before.raw_sha256.get(name) != self.after.raw_sha256.get(name))

    @property
    def same_code(self) -> bool:
        """Whether the same code computed both."""
        return self.before.code_version == self.after.code_version

    def to_dict(self) -> dict[str, Any]:
        """As plain values for machines; clients are counted, not named."""
        return {
            "table": self.after.table,
            "before": self.before.version,
            "after": self.after.version,
            "same_code": self.same_code,
            "raw_changed": list(self.raw_changed),
            "clients": {
                "common": self.n_common,
                "only_before": len(self.only_before),
                "only_after": len(self.only_after),
            },
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": [asdict(change) for change in self.changed],
            "unchanged": list(self.unchanged),
        }


def diff_files(lake: Lake, first: tuple[FeatureVersion, str], second: tuple[FeatureVersion, str]) -> FeatureDiff:
    """Compare two versions, each given by its record and the name of its file.

    Raises:
        FileNotFoundError: a file is not there.
        ModelError: a version has a client twice.
    """
    (before, before_file), (after, after_file) = first, second
    clients = [read_features(lake, name, [CLIENT])[CLIENT].to_numpy(np.int64) for name in (before_file, after_file)]
    matched = match_clients(*clients)
    old, new = ([c for c in file_columns(lake, name) if c != CLIENT] for name in (before_file, after_file))
    shared = [column for column in new if column in set(old)]
    changes = list(_changes(lake, (before_file, after_file), shared, matched))
    return FeatureDiff(
        before=before,
        after=after,
        added=tuple(column for column in new if column not in set(old)),
        removed=tuple(column for column in old if column not in set(new)),
        changed=tuple(most_changed_first([change for change in changes if change.changed])),
        unchanged=tuple(change.feature for change in changes if not change.changed),
        n_common=len(matched.before),
        only_before=tuple(matched.only_before.tolist()),
        only_after=tuple(matched.only_after.tolist()),
    )


def _changes(
    lake: Lake, files: tuple[str, str], columns: Sequence[str], matched: MatchedClients
) -> Iterator[FeatureChange]:
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        chosen = columns[start : start + COLUMNS_AT_ONCE]
        before, after = (read_features(lake, name, chosen) for name in files)
        for column in chosen:
            yield compare_feature(before[column], after[column], matched)
