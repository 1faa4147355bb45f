"""The lake: Parquet tables and report files in a folder or an object store.

Here: atomic writes, reads that take no more than they need, and what is in a folder. Keep
out: which tables exist (the assets name them), anything written online (PostgreSQL), and
what an object store alone has (`object_uploads`).
"""

import errno
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from credit_risk.errors import SettingsError, UnavailableError

# A file that is being written beside its target; a run that was killed leaves it.
PART = ".part"

# Whose errors mean that an object store did not answer or did not let us in. Their libraries
# share no base class, and only one of them is installed.
DRIVERS = frozenset({"botocore", "aiobotocore", "aiohttp", "google", "gcsfs"})

# What a folder without hard links (some network and FUSE mounts) says when asked for one.
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})


@dataclass(frozen=True)
class LakeFile:
    """A file of the lake by its name and size."""

    name: str
    bytes: int


class Lake:
    """Files under one root, which is a folder, `s3://bucket/prefix` or `gs://bucket/prefix`."""

    def __init__(self, root: str) -> None:
        try:
            # A remembered listing would hide what other processes write.
            self._fs, path = fsspec.core.url_to_fs(root, use_listings_cache=False)
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

    def scan_address(self, name: str) -> str:
        """Where an engine finds `name`: a path in a folder, an address in an object store.

        S3 goes by its other name, `s3a`: Spark knows no other, and for `s3` Ibis makes DuckDB download a
        driver of its own, though it reads through this file system.
        """
        return self.path(name) if self.is_local else self.uri(name).replace("s3://", "s3a://", 1)

    def exists(self, name: str) -> bool:
        """Whether the file is there. Raises UnavailableError."""
        with self.answering():
            return bool(self._fs.exists(self.path(name)))

    def files(self, folder: str) -> list[LakeFile]:
        """Every file at any depth of a folder, by name; none when it is not there. Raises UnavailableError."""
        try:
            with self.answering():
                found = self._fs.find(self.path(folder), detail=True)
        except FileNotFoundError:
            # A bucket that nobody made; whoever writes is told so.
            return []
        return [LakeFile(path.removeprefix(f"{self.root}/"), int(info["size"])) for path, info in sorted(found.items())]

    def modified(self, name: str) -> datetime:
        """When the file was last written. Raises FileNotFoundError, UnavailableError."""
        with self.answering():
            modified: datetime = self._fs.modified(self.path(name))
        return modified.astimezone(UTC)

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
            UnavailableError: the object store does not answer.
        """
        if not self.is_local:
            # An object appears only when its upload is complete.
            with self._writing(name):
                self._fs.pipe_file(self.path(name), content)
            return self.uri(name)
        with self._replacing(name) as temporary:
            temporary.write_bytes(content)
        return self.uri(name)

    def create_bytes(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet, as `write_bytes` does; of two at once, one does.

        Returns:
            Whether this call wrote it. A file that is there is left as it is.
        """
        if self.exists(name):
            return False
        if not self.is_local:
            with self._writing(name):
                try:
                    self._fs.pipe_file(self.path(name), content, mode="create")
                except FileExistsError:
                    return False
            return True
        target = Path(self.path(name))
        with self._beside(name) as temporary:
            temporary.write_bytes(content)
            try:
                # Unlike a rename, a link never replaces what is there.
                target.hardlink_to(temporary)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                temporary.replace(target)
        return True

    def put_file(self, source: Path, name: str) -> str:
        """Move a local file into the lake so that a reader sees the old one or the new one. Returns its address.

        Raises:
            SettingsError: the lake cannot be written.
            UnavailableError: the object store does not answer.
        """
        if not self.is_local:
            with source.open("rb"), self._writing(name):
                self._fs.put_file(str(source), self.path(name))
            source.unlink()
            return self.uri(name)
        # A rename is atomic only within one file system; the scratch space may be on another.
        with self._replacing(name) as temporary:
            shutil.move(source, temporary)
        return self.uri(name)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error. Raises UnavailableError."""
        if self.exists(name):
            with self.answering():
                self._fs.rm_file(self.path(name))

    def read_bytes(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError, UnavailableError."""
        with self.answering():
            return bytes(self._fs.cat_file(self.path(name)))

    def write_frame(self, name: str, frame: pd.DataFrame) -> str:
        """Write a frame as zstd Parquet, atomically. Returns its address."""
        buffer = frame.to_parquet(index=False, compression="zstd")
        return self.write_bytes(name, buffer)

    def read_frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a Parquet file, or some of its columns. Raises FileNotFoundError, UnavailableError."""
        chosen = None if columns is None else list(columns)
        with self.opened(name) as file:
            # Without partitioning: a folder called a=b somewhere above would become a column.
            frame: pd.DataFrame = pq.read_table(file, columns=chosen, partitioning=None).to_pandas()
        return frame

    @contextmanager
    def opened(self, name: str) -> Iterator[Any]:
        """A file to read parts of: what is asked for is fetched, and nothing around it.

        Raises:
            FileNotFoundError: it is not there.
            UnavailableError: the object store does not answer.
        """
        # Object stores' files read 5 to 50 MB ahead of every seek unless told not to.
        with self.answering(), self._fs.open(self.path(name), "rb", cache_type="none") as file:
            yield file

    @contextmanager
    def answering(self) -> Iterator[None]:
        """What an object store's driver raises in the block, as an error of ours; what is not there stays as it is."""
        try:
            yield
        except Exception as error:
            refused = isinstance(error, PermissionError) and not self.is_local
            if not refused and type(error).__module__.partition(".")[0] not in DRIVERS:
                raise
            raise UnavailableError(
                f"no answer from the lake at {self.uri('')} ({error})",
                expected="an object store that answers, and lets this user in",
                remedy="correct CREDIT_LAKE and the store's own settings (credentials, endpoint, region), or try later",
            ) from None

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """A write to an object store: without its bucket, nothing can be found there."""
        try:
            with self.answering():
                yield
        except FileNotFoundError as error:
            raise self._unwritable(self.uri(name), str(error)) from None

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        """A file beside the target that becomes it when the block ends, and is gone if the block fails."""
        with self._beside(name) as temporary:
            yield temporary
            temporary.replace(self.path(name))

    @contextmanager
    def _beside(self, name: str) -> Iterator[Path]:
        """An empty file beside the target, which is gone after the block unless it was renamed."""
        target = Path(self.path(name))
        temporary = target.with_name(f"{target.name}.{uuid.uuid4().hex}{PART}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.touch()
        except OSError as error:
            raise self._unwritable(str(error.filename), str(error.strerror)) from None
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _unwritable(self, where: str, reason: str) -> SettingsError:
        if self.is_local:
            root, expected = self.root, "a folder that this user may write"
            remedy = "set CREDIT_LAKE to another folder, or correct its permissions"
        else:
            root, expected = self.uri("").rstrip("/"), "a bucket that is there"
            remedy = "create it, or set CREDIT_LAKE to another one"
        return SettingsError(
            f"CREDIT_LAKE={root}, where {where} cannot be written ({reason})", expected=expected, remedy=remedy
        )
