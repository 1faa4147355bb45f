"""README names what exists, and what exists is in README."""

import re
from pathlib import Path

import pytest
import typer

from cli.main import app
from resources.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def commands(group, prefix: str) -> list[str]:
    names = []
    for name, command in group.commands.items():
        full = f"{prefix} {name}"
        names += commands(command, full) if hasattr(command, "commands") else [full]
    return names


@pytest.mark.parametrize("command", commands(typer.main.get_command(app), "credit"))
def test_every_command_is_in_the_table(command):
    group, _, name = command.rpartition(" ")
    rows = [line for line in README.splitlines() if line.startswith(f"| `{group} ")]
    assert any(re.search(rf"`(credit [^`]*)?\b{name}\b", row) for row in rows)


@pytest.mark.parametrize("setting", [str(field.validation_alias) for field in Settings.model_fields.values()])
def test_every_setting_is_in_the_table(setting):
    assert f"`{setting}`" in README


@pytest.mark.parametrize("target", ["demo", "up", "test", "check", "bench", "clean"])
def test_every_target_that_people_type_is_explained(target):
    assert f"make {target}" in README
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_every_link_leads_somewhere(link):
    assert (ROOT / link).exists()
