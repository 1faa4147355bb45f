import subprocess

import pytest

from resources import code_version as module


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """A repository around the code, with one commit."""
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "code.py").write_text("1")
    author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


@pytest.fixture
def installed(monkeypatch):
    """What the package says of itself where it is installed."""
    monkeypatch.setattr(module, "version", {module.PACKAGE: "9.9.9"}.__getitem__)


def test_a_commit_is_named_by_its_hash(repository):
    head = subprocess.run(["git", "-C", str(repository), "rev-parse", "HEAD"], check=True, capture_output=True)
    assert head.stdout.decode().startswith(module.code_version())
    assert len(module.code_version()) == 12


def test_uncommitted_changes_are_said(repository):
    (repository / "code.py").write_text("2")
    assert module.code_version().endswith("-dirty")


@pytest.mark.usefixtures("installed")
def test_without_a_repository_it_is_the_package_version(monkeypatch, repository):
    (inner := repository / "site-packages").mkdir()
    monkeypatch.setattr(module, "REPOSITORY", inner)
    assert module.code_version() == "9.9.9"


@pytest.mark.usefixtures("repository", "installed")
def test_without_git_it_is_the_package_version(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert module.code_version() == "9.9.9"
