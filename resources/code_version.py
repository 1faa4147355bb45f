"""Which code computed something: the commit, or the installed version without a repository."""

import subprocess
from importlib.metadata import version

from resources.settings import REPOSITORY


def code_version() -> str:
    """The short commit hash with `-dirty` for uncommitted changes; else the package version."""
    # Without a repository around the code (an image, an archive) git fails, and says so with its code.
    git = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() if git.returncode == 0 else version("credit-scoring-platform")
