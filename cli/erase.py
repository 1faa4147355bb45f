"""`credit erase`: take a client out of the decisions that were made on it.

Here: asking, and telling people what was done and what is left to do. Keep out: where a client is found and how it
is erased (`resources.erasure`). The client's id is printed to who typed it, and stored nowhere.
"""

import getpass
from pathlib import Path

import typer
from rich.markup import escape

from cli.console import console, errors
from credit_risk.tables.violations import counted
from resources.database import open_database
from resources.decision_archive import DecisionArchive
from resources.erasure import Eraser, Found
from resources.lake import Lake
from resources.schema import require_schema
from resources.settings import load_settings

ELSEWHERE = (
    "Not touched, because they follow the lender's own files: CREDIT_RAW_DIR, the raw tables and feature versions in "
    "the lake, their previews in Dagster, training samples and out-of-fold predictions. Take the client out of the CSV "
    "files, or the next load brings it back. Backups of database and lake, and journals of services on other machines, "
    "are not looked at."
)


def run(sk_id_curr: int, *, yes: bool) -> int:
    """Erase a client; exit code 1 when decisions on it still wait in a journal.

    Raises:
        UnavailableError: database or lake do not answer.
    """
    settings = load_settings()
    database = open_database(settings)
    require_schema(database)
    archive = DecisionArchive(database, Lake(settings.lake_root))
    eraser = Eraser(archive, settings.journal_dir, settings.home / "serving" / "answers")
    found = eraser.find(sk_id_curr)
    console.print(described(found))
    if found.anything:
        if not yes:
            typer.confirm("Erase it for good? Its decisions can then be neither explained nor replayed", abort=True)
        eraser.erase(sk_id_curr, found, by=getpass.getuser())
        console.print("erased: what stays of each decision is its id, moment, outcome, and the codes of its reasons")
    console.print(ELSEWHERE)
    if found.waiting:
        errors.print(_waiting(found), soft_wrap=True)
        return 1
    return 0


def described(found: Found) -> str:
    """What there is of a client, in one line."""
    if not found.anything:
        return "nothing on record names this client"
    n_files = len(found.archived)
    parts = {
        f"{counted(found.n_decisions, 'decision')} on {counted(len(found.days), 'day')}": found.days,
        f"{counted(n_files, 'archived file')} to write anew": n_files,
        counted(found.online, "row") + " of online features": found.online,
        f"{counted(sum(found.trained_on.values()), 'outcome')} that models were trained on": found.trained_on,
        counted(sum(found.answers.values()), "recent answer"): found.answers,
    }
    return "found " + ", ".join(part for part, there in parts.items() if there)


def _waiting(found: Found) -> str:
    files = ", ".join(escape(str(Path(file))) for file in found.waiting)
    n = counted(sum(found.waiting.values()), "decision")
    return f"{n} on this client wait in a journal ({files}): run this again when the service has shipped them"
