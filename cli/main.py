"""The command `credit`: puts the groups together and turns our errors into one clear line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import psycopg
import typer
from rich.markup import escape

from cli import backup, db, feature_commands, keys, model, report_commands, retrain
from cli.console import errors
from cli.report_commands import FirstDay, LastDay
from credit_risk.errors import CreditError, UnavailableError
from resources.settings import load_settings

app = typer.Typer(
    help="The credit-scoring platform: features, model, decisions, drift, retraining.",
    epilog="Exit codes: 0 done; 1 an error, or a finding that the command's own help names; 2 a wrong call; "
    "130 stopped by Ctrl-C. Settings come from the environment or `.env` (README.md lists them).",
    no_args_is_help=True,
    # Paragraphs are filled to the width of the terminal; without it they keep the line breaks of this file.
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="The eight CSV tables.", no_args_is_help=True)
history = typer.Typer(help="Decisions that an older system made.", no_args_is_help=True)
traffic = typer.Typer()
reasons = typer.Typer(help="Reasons that applicants are given.", no_args_is_help=True)
app.command()(backup.backup)
app.command()(backup.restore)
app.add_typer(data, name="data")
app.add_typer(db.app, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(model.app, name="model")
model.app.command("retrain")(retrain.retrain_command)
app.add_typer(history, name="history")
app.add_typer(report_commands.drift, name="drift")
app.add_typer(report_commands.performance, name="performance")
app.add_typer(traffic, name="traffic")
app.add_typer(feature_commands.app, name="features")
app.add_typer(reasons, name="reasons")

Clients = Annotated[int, typer.Option(min=100, help="clients in the made-up portfolio")]


@data.command("synthesize")
def data_synthesize(
    clients: Clients = 10_000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same files")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="folder for the eight CSV files", show_default="CREDIT_RAW_DIR")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace CSV files that are there")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Make up a portfolio in the Kaggle format: eight CSV files with a known default probability.

    Prints the rows of each file, the default rate, and the best AUC that any model could have. Files that are
    there are an error, unless --overwrite is given.
    """
    from cli.data_synthesize import data_synthesize as run

    run(clients, seed, out or load_settings().raw_dir, overwrite)


@data.command("check")
def data_check(
    directory: Annotated[Path, typer.Argument(help="folder with the eight CSV files")],
) -> None:
    """Check a folder of CSV files and name every problem. Exit code 1 when there is any.

    The files are read exactly as the platform reads them, and not changed; nothing is stored.
    """
    from cli.data_check import data_check as run

    raise typer.Exit(run(directory))


@history.command("import")
def history_import(
    file: Annotated[Path, typer.Argument(help="Parquet file; an error lists the columns that it needs")],
    name: Annotated[
        str, typer.Option(help="name of the older system: model_version becomes import:NAME (the file's name)")
    ] = "",
) -> None:
    """Bring in decisions of an older system; importing the same file again changes nothing.

    Column `target` (0, 1 or null), where there is one, brings outcomes with them. Imported decisions take part in
    reports, and cannot be replayed.
    """
    from cli.history import import_file

    import_file(file, name or file.stem)


@reasons.callback()
def reasons_group() -> None:
    """Reasons that applicants are given."""


@reasons.command("check")
def reasons_check(
    file: Annotated[Path | None, typer.Argument(help="a catalogue in YAML; without one, the catalogue in use")] = None,
) -> None:
    """Check that a catalogue of reasons has one for every feature, and name every fault."""
    from cli.reasons import check

    check(file)


@app.command()
def replay(
    prediction_ids: Annotated[list[UUID] | None, typer.Argument(help="of the decisions, as answers carry them")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="all decisions of a day, UTC")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="so many decisions by chance")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="of the sample; the same one draws the same again")] = None,
) -> None:
    """Make stored decisions again with the models that made them; exit code 1 when anything comes out otherwise.

    Name decisions, or a day, or the size of a sample; nothing is written. Compared are the bits of the
    probability, the threshold, the decision, and the reasons on record: code, feature, value and contribution.
    Sentences of reasons may change.
    """
    from cli.replay import run

    raise typer.Exit(run(prediction_ids, day.date() if day else None, sample, seed))


@traffic.callback(invoke_without_command=True)
def traffic_send(
    context: typer.Context,
    batch_size: Annotated[int, typer.Option(min=1, help="applicants a batch")] = 50,
    n_batches: Annotated[int, typer.Option(min=1, help="batches to send; the eight seed batches in turn")] = 8,
    delay: Annotated[float, typer.Option(min=0, help="seconds between batches")] = 2.0,
    seed: Annotated[int, typer.Option(help="the same seed sends the same applicants")] = 0,
) -> None:
    """Send applicants to the scoring service: clean batches, then noise, then sudden moves.

    Needs the running service (`credit up`) and a feature table to draw applicants from. Where keys are in use,
    CREDIT_API_KEY holds one with the role score. These are real predictions: they are stored, and count for
    the day's drift report. Prints a line a batch.
    """
    if context.invoked_subcommand is None:
        from cli.traffic import send

        send(batch_size=batch_size, n_batches=n_batches, delay=delay, seed=seed)


@traffic.command("outcomes")
def traffic_outcomes(
    first: FirstDay,
    last: LastDay,
    maturity_days: Annotated[float, typer.Option(min=0, help="days after which every outcome is known")] = 30.0,
    approve_refused: Annotated[
        float, typer.Option(min=0, max=1, help="share of the refused that a lot approves")
    ] = 0.0,
    odds: Annotated[float, typer.Option(help="factor on everybody's odds of default; 1: as in training")] = 1.0,
    seed: Annotated[int, typer.Option(help="the same seed says the same of a decision, whenever asked")] = 0,
    key: Annotated[
        str | None, typer.Option(envvar="CREDIT_API_KEY", help="API key with the role admin, where keys are in use")
    ] = None,
) -> None:
    """Deliver made-up outcomes of stored decisions to the running service, as far as they are known by now.

    Only approved applicants have one, and of the refused those whom a lot approves. Delivering again
    changes nothing, and later delivers what has become known meanwhile.
    """
    from cli.outcomes import deliver_outcomes
    from simulation.outcomes import World

    deliver_outcomes(first.date(), last.date(), World(maturity_days, approve_refused, odds, seed), key=key)


@app.command()
def erase(
    sk_id_curr: Annotated[int, typer.Argument(metavar="SK_ID_CURR", help="the client")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Take a client's id, features and reasons out of its decisions, in PostgreSQL and in the archive, for good.

    That decisions were made, when, by which model and how they came out stays on record. Looks at every decision,
    because no index names clients: some 4 s a million in PostgreSQL (4 kB each, from memory), and one column of
    every archived file.
    """
    from cli.erase import run

    raise typer.Exit(run(sk_id_curr, yes=yes))


@app.command()
def serve() -> None:
    """Run the scoring service alone, until Ctrl-C, at CREDIT_API_HOST and CREDIT_API_PORT (127.0.0.1:8000).

    Its log is JSON on standard output. GET /health says whether it can answer; without a model in the registry it
    cannot, and takes the first one as soon as there is one.
    """
    from cli.serve import serve as run

    raise typer.Exit(run())


@app.command()
def up() -> None:
    """Run everything until Ctrl-C: PostgreSQL, Dagster, MLflow, the scoring service, the dashboard.

    Says where each of them is once all are ready. Logs are in CREDIT_HOME/logs. A port that is taken is an error.
    """
    from cli.up import up as run

    raise typer.Exit(run())


@app.command()
def demo(
    clients: Clients = 6_000,
    once: Annotated[bool, typer.Option("--once", help="end after the summary instead of staying up")] = False,  # noqa: FBT002  # a flag of the command
) -> None:
    """Show the closed loop: train, serve, drift, alert, retrain, judge, go live.

    Uses the CSV files of CREDIT_RAW_DIR; in an empty folder it makes up --clients clients. Stays up until Ctrl-C
    when the loop has closed, and ends with exit code 1 when it has not.
    """
    from cli.demo import demo as run

    raise typer.Exit(run(clients=clients, once=once))


def main() -> None:
    """Run the command; an error of ours is one line, not a stack trace."""
    try:
        app()
    except CreditError as error:
        _end(error)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedColumn):
        _end(
            CreditError(
                "a database without the tables of this version",
                expected="the platform's own",
                remedy="run `credit db upgrade`",
            )
        )
    except psycopg.OperationalError as error:
        _end(
            UnavailableError(
                f"a database that went away ({type(error).__name__})",
                expected="an answer",
                remedy="look at `credit db status`, then run the command again",
            )
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _end(error: CreditError) -> NoReturn:
    errors.print(f"[bold red]error[/] {escape(str(error))}", soft_wrap=True)
    sys.exit(1)
