"""Which code computed something: the commit, or the installed version without a repository."""

import shutil
import subprocess
from importlib.metadata import version

from resources.settings import REPOSITORY

PACKAGE = "credit-scoring-platform"


def code_version() -> str:
    """The short commit hash with `-dirty` for uncommitted changes; else the package version."""
    # An image or an archive has no repository; one further up, around the environment, is not ours.
    if not (REPOSITORY / ".git").exists() or shutil.which("git") is None:
        return version(PACKAGE)
    git = subprocess.run(  # noqa: S603  # fixed arguments
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607  # the user's own git
        capture_output=True,
        text=True,
        check=False,
    )
    # It fails in a repository of another user's, and in one without a commit.
    return git.stdout.strip() if git.returncode == 0 else version(PACKAGE)
