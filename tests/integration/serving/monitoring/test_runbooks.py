"""What the pages tell people to type works: SQL as the reader, PromQL in Prometheus, commands of the platform."""

import re

import pytest
import typer

from cli.main import app
from resources.alerts import RUNBOOKS
from resources.roles import READER, RoleDatabase
from resources.settings import REPOSITORY

PAGES = sorted((REPOSITORY / RUNBOOKS).glob("*.md"))


def blocks(language):
    for page in PAGES:
        for text in re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL):
            yield page.stem, text


def statements():
    return [(page, sql.strip()) for page, text in blocks("sql") for sql in text.split(";") if sql.strip()]


def expressions():
    """One a line; a line that begins with a space goes on."""
    return [
        (page, line)
        for page, text in blocks("promql")
        for line in re.sub(r"\n +", " ", text).splitlines()
        if line.strip()
    ]


def commands(group, prefix=("credit",)):
    for name, command in group.commands.items():
        inner = (*prefix, name)
        yield from commands(command, inner) if hasattr(command, "commands") else [inner]


@pytest.fixture(scope="module")
def known():
    return set(commands(typer.main.get_command(app)))


def test_the_queries_of_the_pages_run_as_the_reader(postgres):
    asked = statements()
    assert len(asked) > 10
    with RoleDatabase(postgres.url, READER).connect() as connection:
        for page, sql in asked:
            try:
                connection.execute(sql)
            except Exception as error:
                raise AssertionError(f"{page}: {sql}") from error


def test_prometheus_understands_the_expressions_of_the_pages(prometheus):
    server = prometheus("http://127.0.0.1:9")
    asked = expressions()
    assert len(asked) > 20
    for _, expression in asked:
        server.query(expression)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_commands_that_exist(page, known):
    for words in re.findall(r"\bcredit ((?:[a-z]+ ?){1,2})", " ".join(code_of(page.read_text()))):
        named = ("credit", *words.split())
        assert named[:3] in known or named[:2] in known, named


def code_of(text):
    """What is set as code: blocks of commands, and words in backticks."""
    lines = [line for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL) for line in block.splitlines()]
    commands_alone = [line for line in lines if line.startswith("credit ")]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return commands_alone + [span for span in spans if span.startswith("credit ")]
