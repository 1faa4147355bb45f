"""The lake: Parquet tables and report files in a folder or an object store.

Here: atomic writes, and reads that a scan engine can push down. Keep out: which tables
exist (the assets name them), and anything written online (PostgreSQL).
"""

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.parquet as pq

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
        return "file" in self._fs.protocol

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
        """Write a file so that a reader sees all of it or none. Returns its address."""
        target = self.path(name)
        self._fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        if not self.is_local:
            # An object appears only when its upload is complete.
            self._fs.pipe_file(target, content)
            return self.uri(name)
        temporary = f"{target}.{uuid.uuid4().hex}.part"
        self._fs.pipe_file(temporary, content)
        Path(temporary).replace(target)
        return self.uri(name)

    def put_file(self, source: Path, name: str) -> str:
        """Move a local file into the lake so that a reader sees the old one or the new one."""
        target = self.path(name)
        self._fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        if not self.is_local:
            self._fs.put_file(str(source), target)
            source.unlink()
            return self.uri(name)
        # A rename is atomic only within one file system; the scratch space may be on another.
        temporary = Path(f"{target}.{uuid.uuid4().hex}.part")
        shutil.move(source, temporary)
        temporary.replace(target)
        return self.uri(name)

    def read_bytes(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError."""
        return bytes(self._fs.cat_file(self.path(name)))

    def write_frame(self, name: str, frame: pd.DataFrame) -> str:
        """Write a frame as zstd Parquet, atomically. Returns its address."""
        buffer = frame.to_parquet(index=False, compression="zstd")
        return self.write_bytes(name, buffer)

    def read_frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a Parquet file, or some of its columns. Raises FileNotFoundError."""
        table = pq.read_table(self.path(name), columns=None if columns is None else list(columns), filesystem=self._fs)
        frame: pd.DataFrame = table.to_pandas()
        return frame
