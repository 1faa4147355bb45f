"""A stored model: booster, manifest and canaries of one version, and its copy on this machine.

Here: the record that travels from the registry to whoever scores, and a copy that is readable
without MLflow. Keep out: the registry itself, which takes seconds to import.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from credit_risk.canaries import Canaries
from credit_risk.errors import ModelError
from credit_risk.manifest import Manifest

# Names of their own: the registry's are MLflow's to choose.
BOOSTER_FILE = "booster.txt"
MANIFEST_FILE = "manifest.json"
CANARIES_FILE = "canaries.json"
POINTER = "version"


@dataclass(frozen=True)
class StoredModel:
    """One registered version, ready to score; `canaries` is None for models registered without them."""

    version: str
    booster_text: str
    manifest: Manifest
    canaries: Canaries | None = None

    def save(self, folder: Path) -> None:
        """Keep a copy in a folder; a reader sees the old copy or the new one, never a mixture."""
        pointer = folder / POINTER
        before = pointer.read_text().strip() if pointer.exists() else ""
        if before == self.version and _is_copied(self, folder):
            # Of several workers the first one wrote it.
            return
        version_dir = folder / self.version
        version_dir.mkdir(parents=True, exist_ok=True)
        _replace(version_dir / BOOSTER_FILE, self.booster_text)
        _replace(version_dir / MANIFEST_FILE, self.manifest.to_json())
        if self.canaries is None:
            (version_dir / CANARIES_FILE).unlink(missing_ok=True)
        else:
            _replace(version_dir / CANARIES_FILE, self.canaries.to_json())
        _replace(pointer, self.version)
        # The one before stays: a reader may have looked at the pointer a moment ago.
        for other in folder.iterdir():
            if other.is_dir() and other.name not in {self.version, before}:
                shutil.rmtree(other, ignore_errors=True)

    @classmethod
    def read(cls, folder: Path) -> "StoredModel | None":
        """The copy that `save` kept, or None when there is none.

        Raises:
            ModelError: the copy is incomplete.
        """
        pointer = folder / POINTER
        if not pointer.exists():
            return None
        version = pointer.read_text().strip()
        try:
            booster_text = (folder / version / BOOSTER_FILE).read_text(encoding="utf-8")
            manifest_text = (folder / version / MANIFEST_FILE).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ModelError(
                f"no {Path(error.filename).name} of model {version} in {folder}",
                expected=f"{BOOSTER_FILE} and {MANIFEST_FILE}",
                remedy="remove the folder; the next load from the registry writes it anew",
            ) from None
        canaries_file = folder / version / CANARIES_FILE
        canaries = Canaries.from_json(canaries_file.read_text(encoding="utf-8")) if canaries_file.exists() else None
        return cls(version, booster_text, Manifest.from_json(manifest_text), canaries)


def _is_copied(model: StoredModel, folder: Path) -> bool:
    try:
        return StoredModel.read(folder) == model
    except ModelError:
        return False


def _replace(file: Path, text: str) -> None:
    # The process in its name: workers of one service may keep the same version at once.
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
