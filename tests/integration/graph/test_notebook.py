"""The monitoring notebook, from top to bottom: on a platform with a few days, and on an empty one."""

from contextlib import contextmanager
from datetime import timedelta

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from resources.day_comparison import DayComparer, own_probabilities, with_score
from resources.decision_archive import DecisionArchive
from resources.drift_reports import DriftReports
from resources.live_models import LiveModels
from resources.live_references import LiveReferences
from resources.outcomes import Outcome, record_outcomes
from resources.prediction_log import PredictionLog, day_bounds
from resources.settings import REPOSITORY
from resources.training_reference import TrainingReference
from simulation.traffic import simulate_drift

NOTEBOOK = REPOSITORY / "docs" / "notebooks" / "production_monitoring.ipynb"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

# Around a threshold of 0.1, so that both decisions are there and outcomes can be told apart.
PROBABILITIES = np.linspace(0.01, 0.19, 7)
A_DAY = 140

PICTURES = (
    "stored-days", "live-days", "drift-days", "history-features", "features-pictures", "operations-latency",
    "operations-scores", "operations-decisions", "vintages-picture", "reference-shift",
)  # fmt: skip
TABLES = ("stored-tables", "decisions-read", "live-models", "drift-windows", "features-table", "vintages-table")


@contextmanager
def kernels_at(folder, variables):
    """An environment for kernels whose files and pages are in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "TMPDIR"):
            (folder / name).mkdir(parents=True)
            patch.setenv(name, str(folder / name))
        yield


def executed(folder, variables):
    """The notebook with its outputs, by name of the cell; an error in any cell is one here."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with kernels_at(folder, variables):
        client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": NOTEBOOK.parent}})
        client.execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def shown(outputs, kind):
    return [output.data[kind] for output in outputs if "data" in output and kind in output.data]


def words(outputs):
    return "\n".join(shown(outputs, "text/markdown"))


def decide(platform, day, rows):
    """Decisions of a day on both sides of the threshold."""
    for probability, part in zip(PROBABILITIES, np.array_split(np.arange(len(rows)), len(PROBABILITIES)), strict=True):
        refused = bool(probability >= 0.1)
        platform.decide(
            day,
            rows.iloc[part],
            probability=float(probability),
            prediction=int(refused),
            decision="REFUSED" if refused else "APPROVED",
        )


def report_drift(platform, days):
    """The days' reports as the graph stores them, without their pages."""
    clients, database = platform.clients, platform.database
    log = PredictionLog(database)
    references = LiveReferences(
        LiveModels(database),
        clients.registry,
        TrainingReference(database, clients.lake),
        clients.settings.drift_features,
    )
    comparer = DayComparer(references, rule="corrected", min_predictions=30)
    for day in days:
        compared = comparer.compare(day, log.features_of(day))
        own = own_probabilities(log.decisions_frame(day, day), {day: compared.live.model_version})
        assert DriftReports(database).store(with_score(compared, own[day]).stored)


def report_performance(platform, day):
    """Outcomes of the approved of a day, and its report."""
    decisions = PredictionLog(platform.database).decisions_frame(day, day)
    approved = decisions.loc[decisions["decision"] == "APPROVED", "prediction_id"]
    with platform.database.connect() as connection:
        delivered = [Outcome(each, int(n % 9 == 0), day_bounds(day)[1]) for n, each in enumerate(approved)]
        record_outcomes(connection, delivered)
    assert platform.run("performance_job", tags={RANGE_START: f"{day}", RANGE_END: f"{day}"}).success


@pytest.fixture(scope="module")
def days(shared_platform):
    """A clean day that is archived, a moved one, and a small one."""
    rng = np.random.default_rng(0)
    population = shared_platform.features()
    last = shared_platform.today - timedelta(days=1)
    days = [last - timedelta(days=2), last - timedelta(days=1), last]

    def drawn(n):
        return population.iloc[rng.choice(len(population), n, replace=False)].reset_index(drop=True)

    decide(shared_platform, days[0], drawn(A_DAY))
    decide(shared_platform, days[1], simulate_drift(drawn(A_DAY), "sudden", 0.7, rng, spread_of=population))
    decide(shared_platform, days[2], drawn(20))
    report_drift(shared_platform, days)
    report_performance(shared_platform, days[0])
    assert DecisionArchive(shared_platform.database, shared_platform.clients.lake).archive(days[0]) is not None
    return days


def stock(platform):
    """Rows of every table and files of the lake: what a reader must leave as it is."""
    with platform.database.connect() as connection:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'credit'::regnamespace AND relkind = 'r' ORDER BY 1"
        names = [name for (name,) in connection.execute(query).fetchall()]
        rows = {name: connection.execute(f'SELECT count(*) FROM credit."{name}"').fetchone()[0] for name in names}
    return rows, sorted(path for path in (platform.folder / "lake").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def run(shared_platform, days, tmp_path_factory):
    """The outputs of a run, and what was stored before and after it."""
    assert len(days) == 3
    before = stock(shared_platform)
    outputs = executed(tmp_path_factory.mktemp("notebook"), shared_platform.settings)
    return outputs, before, stock(shared_platform)


@pytest.fixture
def outputs(run):
    return run[0]


def test_every_picture_and_table_is_there_and_nothing_is_missing(outputs):
    assert [name for name in PICTURES if not shown(outputs[name], "image/png")] == []
    assert [name for name in TABLES if not shown(outputs[name], "text/html")] == []
    assert [name for name in outputs if "Missing:" in words(outputs[name])] == []


def test_no_cell_warns(outputs):
    streams = {name: [each.text for each in found if each.output_type == "stream"] for name, found in outputs.items()}
    assert {name: texts for name, texts in streams.items() if texts} == {}


def test_nothing_is_changed(run):
    _, before, after = run
    assert after == before


def test_it_says_what_is_stored_and_archived(outputs):
    assert "300 decisions in all. 1 archived days, 0 of them in the archive alone." in words(outputs["stored-days"])
    (tables,) = shown(outputs["stored-tables"], "text/html")
    assert "decision_archives" in tables
    assert "api_keys" not in tables
    assert "Read on the role `credit_reader`" in words(outputs["stored-tables"])


def test_drift_is_told_by_both_rules_for_days_and_windows(outputs, days):
    (by_day,) = shown(outputs["drift-days"], "text/html")
    assert [status in by_day for status in ("ok", "alert", "insufficient")] == [True, True, True]
    (by_window,) = shown(outputs["drift-windows"], "text/html")
    assert f"3 days to {days[2]}" in by_window
    assert "status, corrected" in by_window
    assert "status, classic" in by_window


def test_the_day_looked_at_is_the_newest_one_with_a_verdict(outputs, days):
    assert f"**{days[1]}**: alert" in words(outputs["features-table"])
    (page,) = shown(outputs["evidently-report"], "text/html")
    assert "<iframe srcdoc=" in page
    assert f"Evidently's report of **{days[1]}**" in words(outputs["evidently-report"])


def test_realised_figures_stand_beside_estimated_ones(outputs, days):
    (vintages,) = shown(outputs["vintages-table"], "text/html")
    assert f"{days[0]}" in vintages
    assert [name in vintages for name in ("outcomes known", "AUC estimated", "cost in training")] == [True] * 3


def test_an_empty_platform_says_what_is_missing_in_every_section(postgres, tmp_path):
    settings = {"DATABASE_URL": postgres.url, "CREDIT_HOME": str(tmp_path / "home"), "CREDIT_ENV_FILE": ""}
    outputs = executed(tmp_path / "notebook", settings)
    for name in (
        "stored-days", "live-models", "drift-days", "drift-windows", "history-features", "evidently-report",
        "features-table", "features-pictures", "operations-latency", "operations-scores", "operations-decisions",
        "vintages-table", "reference-statistics", "reference-shift", "limits-figures",
    ):  # fmt: skip
        assert "**Missing: " in words(outputs[name]), name
    assert [name for name, found in outputs.items() if shown(found, "image/png")] == []
