"""The pages of any day, made from its stored decisions when somebody asks.

Here: putting the clients together outside of the graph. Keep out: how a day is compared
(`day_comparison`), and what its pages say (`drift_pages`). Nothing is stored but the pages: the day's
report on record stays as it is.
"""

from datetime import date

from credit_risk.errors import CreditError
from resources.database import open_database
from resources.day_comparison import DayComparer, own_probabilities, with_score, with_separation
from resources.decision_archive import DecisionArchive
from resources.drift_pages import DriftPages, WrittenPages
from resources.drift_reports import DriftReports
from resources.lake import Lake
from resources.live_models import LiveModels
from resources.live_references import LiveReferences
from resources.prediction_log import PredictionLog
from resources.registry import open_registry
from resources.settings import Settings
from resources.training_reference import TrainingReference


def pages_of(settings: Settings, day: date) -> WrittenPages:
    """Make the pages of a UTC day and store them in the lake.

    Raises:
        CreditError: it has too few decisions for a verdict.
        ModelError: no model was ever live.
        DriftError: its decisions cannot be compared.
    """
    database, lake = open_database(settings), Lake(settings.lake_root)
    log = PredictionLog(database, DecisionArchive(database, lake))
    references = LiveReferences(
        LiveModels(database), open_registry(database, lake), TrainingReference(database, lake), settings.drift_features
    )
    comparer = DayComparer(references, rule=settings.drift_rule, min_predictions=settings.drift_min_predictions)
    compared = comparer.compare(day, log.features_of(day))
    if compared.report.status == "insufficient":
        raise CreditError(
            f"{compared.report.n_predictions} decisions on {day}",
            expected=f"at least {settings.drift_min_predictions}, for a page that says something",
            remedy="ask for another day",
        )
    probabilities = own_probabilities(log.decisions_frame(day, day), {day: compared.live.model_version})
    compared = with_separation(with_score(compared, probabilities.get(day)))
    return DriftPages(lake, log, DriftReports(database)).write(compared)
