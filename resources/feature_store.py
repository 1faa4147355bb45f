"""The feature store: immutable versions of feature tables in the lake, and which one is accepted.

Here: when a version exists, how it is read, compared and removed. Keep out: how features are
computed (`credit_risk.features`), names and bytes of the files (`feature_layout`,
`feature_files`), and which versions may go (`feature_pruning`).

A version is two files: its data, and after it its record. Without both it does not exist for
anybody. A pointer names the accepted version of each table.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson
import pandas as pd

from credit_risk.errors import ModelError
from resources.feature_diff import FeatureDiff, diff_files
from resources.feature_files import file_content, read_features
from resources.feature_layout import FOLDER, complete, data_file, leftovers, pointer_file, record_file
from resources.feature_pruning import Leftover, PrunePlan, Stored, plan
from resources.feature_version import FeatureVersion
from resources.lake import Lake, LakeFile
from resources.object_uploads import end_upload, unfinished_uploads

__all__ = ["CLIENT_FEATURES", "FeatureStore", "FeatureVersion"]

# The table of all clients; the others hold the features of one source each.
CLIENT_FEATURES = "client_features"

# Longer than any run writes at one file: what is unfinished and older is of a run that was killed.
UNFINISHED_AFTER = timedelta(hours=1)


class FeatureStore:
    """Versions of feature tables, one row a client, named by what they were computed from."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @staticmethod
    def file(table: str, version: str) -> str:
        """Name of a version's data in the lake: Parquet, sorted by client."""
        return data_file(table, version)

    def exists(self, table: str, version: str) -> bool:
        """Whether the version is there, complete: data and record."""
        return self.lake.exists(record_file(table, version)) and self.lake.exists(data_file(table, version))

    def describe(
        self,
        table: str,
        version: str,
        *,
        code_version: str,
        raw_sha256: Mapping[str, str],
        sources: Mapping[str, str] | None = None,
    ) -> FeatureVersion:
        """The record for data that were just written: rows and missing shares come from their footer.

        Raises:
            ModelError: the data are not there.
        """
        try:
            content = file_content(self.lake, data_file(table, version))
        except FileNotFoundError:
            raise self._no_data(table, version) from None
        return FeatureVersion(
            table=table,
            version=version,
            code_version=code_version,
            raw_sha256=dict(raw_sha256),
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            rows=content.rows,
            missing=content.missing,
            sources=dict(sources or {}),
        )

    def commit(self, record: FeatureVersion) -> None:
        """Make a version exist: write the record beside data that are there. One that exists stays as it is.

        Raises:
            ModelError: its data are not there, or it exists and was computed from something else.
        """
        table, version = record.table, record.version
        if not self.lake.exists(data_file(table, version)):
            raise self._no_data(table, version)
        if self.lake.create_bytes(record_file(table, version), record.to_json()):
            return
        if contradictions := self.record(table, version).contradicts(record):
            raise ModelError(
                f"another {', '.join(contradictions)} for {table} {version}, which exists",
                expected="one name for one computation",
                remedy="compute it under a name of its own; a version that exists is never changed",
                fields={"contradictions": contradictions},
            )

    def accept(self, table: str, version: str) -> None:
        """Make a version the newest accepted one of its table; a reader sees the one before or this one.

        Raises:
            ModelError: there is no such version.
        """
        self._require(table, version)
        self.lake.write_bytes(pointer_file(table), orjson.dumps({"version": version}))

    def publish(self, table: str, version: str, raw_sha256: Mapping[str, str], code_version: str = "") -> None:
        """Describe, commit and accept data that are there; client features stand on the sources accepted now.

        Raises:
            ModelError: the data are not there, or the version exists and was computed from something else.
        """
        others = {other: self.accepted(other) for other in self.tables() if table == CLIENT_FEATURES != other}
        sources = {other: source for other, source in others.items() if source is not None}
        self.commit(self.describe(table, version, code_version=code_version, raw_sha256=raw_sha256, sources=sources))
        self.accept(table, version)

    def accepted(self, table: str = CLIENT_FEATURES) -> str | None:
        """Name of the newest accepted version of a table, or None."""
        try:
            return str(orjson.loads(self.lake.read_bytes(pointer_file(table)))["version"])
        except FileNotFoundError:
            return None

    def newest(self, table: str = CLIENT_FEATURES) -> FeatureVersion:
        """The newest accepted version of a table.

        Raises:
            ModelError: there is none.
        """
        version = self.accepted(table)
        if version is None:
            raise _absent(f"no feature table {table}", table)
        return self.record(table, version)

    def record(self, table: str, version: str) -> FeatureVersion:
        """The record of a version.

        Raises:
            ModelError: there is no such version.
        """
        self._require(table, version)
        name = record_file(table, version)
        return FeatureVersion.from_json(self.lake.read_bytes(name), self.lake.uri(name))

    def tables(self) -> dict[str, int]:
        """How many versions there are, by table."""
        return dict(sorted(Counter(table for table, _ in complete(self.lake.files(FOLDER))).items()))

    def stored(self, table: str = CLIENT_FEATURES) -> list[Stored]:
        """Every version of a table with its bytes, newest first."""
        return self._stored(self.lake.files(f"{FOLDER}/{table}"))

    def versions(self, table: str = CLIENT_FEATURES) -> list[FeatureVersion]:
        """Every version of a table, newest first."""
        return [stored.record for stored in self.stored(table)]

    def find(self, prefix: str, table: str = CLIENT_FEATURES) -> FeatureVersion:
        """The version whose name begins so, or is that.

        Raises:
            ModelError: there is none, or more than one; names them.
        """
        versions = {record.version: record for record in self.versions(table)}
        if not versions:
            raise _absent(f"no feature table {table}", table)
        matching = [prefix] if prefix in versions else [name for name in versions if name.startswith(prefix)]
        if len(matching) == 1:
            return versions[matching[0]]
        raise ModelError(
            f"{len(matching) or 'no'} versions of {table} that begin with {prefix!r}",
            expected=f"the beginning of one of {', '.join(matching or versions)}",
            remedy="give more of its name" if matching else "see `credit features list`",
            fields={"prefix": prefix, "matching": matching},
        )

    def frame(
        self,
        version: str,
        columns: Sequence[str] | None = None,
        clients: Collection[int] | None = None,
        table: str = CLIENT_FEATURES,
    ) -> pd.DataFrame:
        """The features of all clients or some, in the order of the key; of these all or some columns.

        Reads only the chunks that hold them. A client that the version does not know has no row.

        Raises:
            ModelError: there is no such version, or no such column.
        """
        self._require(table, version)
        return read_features(self.lake, data_file(table, version), columns, clients)

    def diff(self, first: str, second: str, table: str = CLIENT_FEATURES) -> FeatureDiff:
        """How two versions of a table differ, feature by feature.

        Raises:
            ModelError: one of them is not there, or has a client twice.
        """
        before, after = self.record(table, first), self.record(table, second)
        return diff_files(self.lake, (before, data_file(table, first)), (after, data_file(table, second)))

    def plan_prune(
        self, keep: int, models: Mapping[str, Sequence[str]], *, unfinished_after: timedelta = UNFINISHED_AFTER
    ) -> PrunePlan:
        """What `prune` would remove, and what it would keep and why.

        Args:
            keep: how many of the newest versions of each table stay in any case.
            models: the models that were trained on a version of the client features, by version; from
                `feature_use.models_by_feature_version`.
            unfinished_after: how old a file without its other half must be to count as left by a killed run.

        Raises:
            SettingsError: `keep` is not positive.
        """
        files = self.lake.files(FOLDER)
        stored = self._stored(files)
        return plan(
            stored,
            self._unfinished(files),
            keep=keep,
            accepted={table: self.accepted(table) for table in {each.record.table for each in stored}},
            models={(CLIENT_FEATURES, version): names for version, names in models.items()},
            abandoned_before=datetime.now(UTC) - unfinished_after,
        )

    def prune(
        self, keep: int, models: Mapping[str, Sequence[str]], *, unfinished_after: timedelta = UNFINISHED_AFTER
    ) -> PrunePlan:
        """Remove old versions that nobody needs, and what killed runs left; as `plan_prune` says, which it returns."""
        made = self.plan_prune(keep, models, unfinished_after=unfinished_after)
        self.carry_out(made)
        return made

    def carry_out(self, plan: PrunePlan) -> None:
        """Remove what the plan names."""
        for each in plan.remove:
            # The record first: from then on the version does not exist, whatever happens to this process.
            self.lake.remove(record_file(*each.key))
            self.lake.remove(data_file(*each.key))
        for left in plan.leftovers:
            if left.upload is None:
                self.lake.remove(left.name)
            else:
                end_upload(self.lake, left.upload)

    def _stored(self, files: Sequence[LakeFile]) -> list[Stored]:
        """The complete versions among files of the store, newest first."""
        stored = []
        for version, size in complete(files).items():
            name = record_file(*version)
            # Another process may have pruned it since the files were listed.
            with suppress(FileNotFoundError):
                stored.append(Stored(FeatureVersion.from_json(self.lake.read_bytes(name), self.lake.uri(name)), size))
        return sorted(stored, key=lambda each: (each.record.created, each.record.version), reverse=True)

    def _unfinished(self, files: Sequence[LakeFile]) -> list[Leftover]:
        """Files of the store that belong to no version, and uploads that never became a file."""
        found = [Leftover(each.name, 0, each.started, each) for each in unfinished_uploads(self.lake, FOLDER)]
        for file in leftovers(files):
            # The run that wrote it may have finished since the files were listed.
            with suppress(FileNotFoundError):
                found.append(Leftover(file.name, file.bytes, self.lake.modified(file.name)))
        return found

    def _require(self, table: str, version: str) -> None:
        if not self.exists(table, version):
            raise _absent(f"no version {version} of {table}", table)

    def _no_data(self, table: str, version: str) -> ModelError:
        return ModelError(
            f"no data of {table} {version} at {self.lake.uri(data_file(table, version))}",
            expected="the data of a version before its record",
            remedy="compute it again",
        )


def _absent(found: str, table: str) -> ModelError:
    return ModelError(found, expected="one in the lake", remedy=f"materialize the asset of {table}")
