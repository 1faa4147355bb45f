"""The cached folder of the service benchmark, by its files: what every side reads.

Here: names. Keep out: how they come about (`serving_model`).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk.manifest import Manifest


@dataclass(frozen=True)
class Bench:
    """The cached folder, by its files."""

    folder: Path

    @property
    def lake(self) -> Path:
        """Raw tables and features of the portfolio."""
        return self.folder / "home" / "lake"

    @property
    def booster(self) -> Path:
        """The booster's text."""
        return self.folder / "booster.txt"

    @property
    def manifest_file(self) -> Path:
        """What the booster's text does not say."""
        return self.folder / "manifest.json"

    @property
    def canaries_file(self) -> Path:
        """What the service must score before the model goes live."""
        return self.folder / "canaries.json"

    @property
    def classifier(self) -> Path:
        """The tutorial's pickle."""
        return self.folder / "classifier.joblib"

    @property
    def mlflow_model(self) -> Path:
        """The booster as MLflow stores it."""
        return self.folder / "mlflow_model"

    def bodies(self, kind: str) -> Path:
        """Request bodies of one kind, one a line."""
        return self.folder / f"bodies-{kind}.jsonl"

    @property
    def expected(self) -> Path:
        """What the peers must answer to the first body of each kind."""
        return self.folder / "expected.json"

    def manifest(self) -> Manifest:
        """Features, threshold and calibration of the model."""
        return Manifest.from_json(self.manifest_file.read_text(encoding="utf-8"))

    def about(self) -> dict[str, Any]:
        """Figures of model and bodies."""
        about: dict[str, Any] = json.loads(self.expected.read_text())
        return about
