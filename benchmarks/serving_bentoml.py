"""The peer BentoML: its service, and the environment of its own that it is installed into.

Here: a service as its documentation writes one, which runs in that environment and imports nothing of the
platform; and making the environment on demand, because BentoML is no dependency of ours. Keep out: the load.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

# The version that the figures of README.md were taken with. 1.4.40 asks for a certifi that was not to be had then.
PACKAGE = "bentoml==1.4.39"
# The booster runs in the same library in all sides.
SAME_AS_OURS = ("lightgbm", "numpy", "scipy")
INSTALLED = ".installed"


def environment(cache: Path) -> Path:
    """The interpreter of BentoML's environment, installed unless it is there.

    Raises:
        subprocess.CalledProcessError: it could not be installed; `output` says why.
    """
    pins = [PACKAGE, *(f"{name}=={version(name)}" for name in SAME_AS_OURS)]
    folder = cache / "bentoml"
    python = folder / "bin" / "python"
    marker = folder / INSTALLED
    if marker.is_file() and marker.read_text() == "\n".join(pins):
        return python
    print(f"Installing {PACKAGE} into {folder}, once; it is no dependency of the platform.", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *pins],
    ):
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    marker.write_text("\n".join(pins))
    return python


if importlib.util.find_spec("bentoml") is not None:
    # Only in BentoML's own environment.
    from typing import Annotated

    import bentoml  # type: ignore[import-not-found, unused-ignore]
    import lightgbm
    import numpy as np
    from bentoml.validators import DType  # type: ignore[import-not-found, unused-ignore]

    @bentoml.service(workers=1)
    class Credit:
        """One booster, one API."""

        def __init__(self) -> None:
            self.booster = lightgbm.Booster(model_file=os.environ["BENCH_BOOSTER"])

        @bentoml.api  # type: ignore[untyped-decorator, unused-ignore]
        def predict(self, row: Annotated[np.ndarray, DType("float64")]) -> list[float]:
            """Rows of numbers in, probabilities out."""
            return np.asarray(self.booster.predict(row, num_threads=1)).tolist()  # type: ignore[no-any-return]
