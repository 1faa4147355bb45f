import re

import psycopg
import pytest

from cli import main


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (psycopg.errors.UndefinedTable("..."), "without the tables of this version; .* run `credit db upgrade`"),
        (psycopg.OperationalError("..."), "went away .*; .* look at `credit db status`"),
    ],
)
def test_an_error_of_the_database_says_what_to_do(error, said, monkeypatch, capsys):
    def command():
        raise error

    monkeypatch.setattr(main, "app", command)
    with pytest.raises(SystemExit, match="1"):
        main.main()
    assert re.search(said, capsys.readouterr().err.replace("\n", " "))
