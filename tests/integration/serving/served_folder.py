"""`python served_folder.py FOLDER`: the service process with a model from a folder.

For tests that start and end the process: without MLflow it is up in two seconds, not twelve.
"""

import sys
from pathlib import Path

from resources.settings import load_settings
from resources.stored_model import StoredModel
from serving.server import serve


class Folder:
    """A registry that has one model in production: the one in the folder."""

    def __init__(self, folder: Path) -> None:
        self.stored = StoredModel.read(folder)

    def production_version(self) -> str:
        return self.stored.version

    def load(self, _: str) -> StoredModel:
        return self.stored


if __name__ == "__main__":
    sys.exit(serve(load_settings(), source=Folder(Path(sys.argv[1]))))
