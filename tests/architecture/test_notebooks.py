"""Notebooks are in git as people write them: no output, each section a question and how to read its answer."""

import ast
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def sections(notebook):
    """Cells by section; what comes before the first heading of a section is the notebook's preface."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found.append([])
        if found:
            found[-1].append(cell)
    return found


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_there_is_a_notebook_on_production():
    assert "production_monitoring" in [path.stem for path in NOTEBOOKS]


def test_it_is_valid_with_a_name_for_each_cell(notebook):
    nbformat.validate(notebook)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)


def test_outputs_and_counts_are_stripped(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    # Widgets keep their state there, and editors the time of each execution.
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert [cell.id for cell in notebook.cells if set(cell.metadata) - {"tags"}] == []


def test_every_section_begins_with_a_question_and_ends_with_how_to_read_it(notebook):
    for heading, *cells in sections(notebook):
        assert heading.source.split("\n\n")[1].startswith("**Question.** "), heading.id
        assert cells[-1].source.startswith("**How to read it.** "), heading.id
        assert [cell for cell in cells if cell.cell_type == "code"], heading.id


def test_it_uses_the_clients_and_the_core_alone(notebook):
    rooms = {"credit_assets", "sensors", "serving", "simulation", "dashboard", "cli", "definitions", "dagster"}
    tree = ast.parse("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name for name in imported if name.split(".")[0] in rooms} == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_page_beside_it_names_it(path):
    assert f"({path.name})" in (FOLDER / "README.md").read_text()
