"""`credit model retrain`: a person asks for a training, named and with a reason.

Here: the request and its way to the running platform. Keep out: what the training does with it,
and promotion: the gate judges this model as any other.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from cli.author import named_author
from cli.console import console
from cli.dagster_client import AUTHOR_TAG, CAUSE_TAG, RETRAINED, TRAINING_JOB, USER_TAG, DagsterClient
from credit_risk.training_request import by_person
from resources.settings import load_settings


def retrain_command(
    reason: Annotated[str, typer.Option("--reason", help="why; kept in the registry and with the run")],
    towards: Annotated[
        list[datetime] | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="a day whose applicants the training rows are weighted towards; may be given several times",
        ),
    ] = None,
    author: Annotated[str, typer.Option("--author", help="who asks (the user of this machine)")] = "",
) -> None:
    """Train on what is known now, and let the gate judge the model; no cool-down holds a person back.

    The features stay as they are: they change with the raw files, by materializing `training_job`.
    """
    launch(reason, [day.date() for day in towards or ()], author)


def launch(reason: str, towards: Sequence[date], author: str) -> str:
    """Ask the running platform for the training; returns the run's id.

    Raises:
        SettingsError: without a reason.
        UnavailableError: the platform does not run.
    """
    request = by_person(named_author(author), reason, towards)
    settings = load_settings()
    client = DagsterClient(settings)
    run_id = client.launch(
        TRAINING_JOB,
        # The UI's own tag for a person: the history of live models names them by it.
        tags={CAUSE_TAG: request.cause, AUTHOR_TAG: request.author, USER_TAG: request.author},
        run_config=request.run_config(),
        assets=RETRAINED,
    )
    console.print(f"run {run_id}: {request.cause}")
    console.print(f"follow it at {client.page_of(run_id)}")
    return run_id
