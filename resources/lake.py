"""The lake: Parquet tables and report files in a folder or an object store.

Here: atomic writes, and reads that a scan engine can push down. Keep out: which tables
exist (the assets name them), and anything written online (PostgreSQL).
"""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from credit_risk.errors import SettingsError


class Lake:
    """Files under one root, which is a folder, `s3://bucket/prefix` or `gs://bucket/prefix`."""

    def __init__(self, root: str) -> None:
        try:
            self._fs, path = fsspec.core.url_to_fs(root)
        except (ImportError, ValueError) as error:
            raise SettingsError(
                f"CREDIT_LAKE={root}, which cannot be opened ({error})",
                expected="a folder, s3://bucket/prefix or gs://bucket/prefix with its driver installed",
                remedy="install s3fs or gcsfs, or use a folder",
            ) from None
        self.root = str(path).rstrip("/")

    @property
    def filesystem(self) -> Any:  # noqa: ANN401  # fsspec publishes no types
        """The fsspec file system, for engines that can register one."""
        return self._fs

    @property
    def is_local(self) -> bool:
        """Whether the files are in a folder of this machine."""
        return isinstance(self._fs, LocalFileSystem)

    def path(self, name: str) -> str:
        """Where `name` lives, as the file system spells it."""
        return f"{self.root}/{name}"

    def uri(self, name: str) -> str:
        """The address of `name` for people and links."""
        return str(self._fs.unstrip_protocol(self.path(name)))

    def exists(self, name: str) -> bool:
        """Whether the file is there."""
        return bool(self._fs.exists(self.path(name)))

    def local_path(self, name: str) -> Path:
        """The file as a local path.

        Raises:
            SettingsError: the lake is an object store.
        """
        if not self.is_local:
            raise SettingsError(
                f"a lake at {self.uri('')}",
                expected="a folder for this step",
                remedy="set CREDIT_LAKE to a folder",
            )
        return Path(self.path(name))

    def write_bytes(self, name: str, content: bytes) -> str:
        """Write a file so that a reader sees all of it or none. Returns its address.

        Raises:
            SettingsError: the lake cannot be written.
        """
        if not self.is_local:
            # An object appears only when its upload is complete.
            self._fs.pipe_file(self.path(name), content)
            return self.uri(name)
        with self._replacing(name) as temporary:
            temporary.write_bytes(content)
        return self.uri(name)

    def put_file(self, source: Path, name: str) -> str:
        """Move a local file into the lake so that a reader sees the old one or the new one. Returns its address.

        Raises:
            SettingsError: the lake cannot be written.
        """
        if not self.is_local:
            self._fs.put_file(str(source), self.path(name))
            source.unlink()
            return self.uri(name)
        # A rename is atomic only within one file system; the scratch space may be on another.
        with self._replacing(name) as temporary:
            shutil.move(source, temporary)
        return self.uri(name)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        """A file beside the target that becomes it when the block ends, and is gone if the block fails."""
        target = Path(self.path(name))
        temporary = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.touch()
        except OSError as error:
            raise SettingsError(
                f"CREDIT_LAKE={self.root}, where {error.filename} cannot be written ({error.strerror})",
                expected="a folder that this user may write",
                remedy="set CREDIT_LAKE to another folder, or correct its permissions",
            ) from None
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        if self.exists(name):
            self._fs.rm_file(self.path(name))

    def read_bytes(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError."""
        return bytes(self._fs.cat_file(self.path(name)))

    def write_frame(self, name: str, frame: pd.DataFrame) -> str:
        """Write a frame as zstd Parquet, atomically. Returns its address."""
        buffer = frame.to_parquet(index=False, compression="zstd")
        return self.write_bytes(name, buffer)

    def read_frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a Parquet file, or some of its columns. Raises FileNotFoundError."""
        chosen = None if columns is None else list(columns)
        # Without partitioning: a folder called a=b somewhere above would become a column.
        table = pq.read_table(self.path(name), columns=chosen, filesystem=self._fs, partitioning=None)
        frame: pd.DataFrame = table.to_pandas()
        return frame
