"""Where the dashboard's facts come from: the clients, opened once, and answers kept for some seconds.

Here: one function a client, and the models that were loaded. Keep out: what is asked (`queries`) and what
becomes of it (`tabs`). What fails is not kept: the next look asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from credit_risk.errors import ModelError
from dashboard.queries import model as model_queries
from dashboard.queries.ask import reading
from dashboard.service import ScoringService
from resources.database import Connection, Database
from resources.lake import Lake
from resources.registry import Registry, open_registry
from resources.roles import open_reader_database
from resources.settings import Settings, load_settings
from resources.stored_model import StoredModel
from resources.training_reference import TrainingReference

if TYPE_CHECKING:
    from credit_risk.features.form import FormProgram
    from credit_risk.scoring import Scorer

# A page of some seconds ago is as good as a new one, and a second visitor costs nothing.
KEPT_S = 30
# Of tabs and filters; each is a small frame.
MOST_ANSWERS = 300
# The live one, the one before, and those that people look back at.
MOST_MODELS = 4


@dataclass(frozen=True)
class Model:
    """A registered model with what it was made of, read when first asked for.

    Attributes:
        stored: booster and manifest.
        lake: holds its reference and its out-of-fold predictions.
        database: for the reference's statistics.
    """

    stored: StoredModel
    lake: Lake = field(repr=False)
    database: Database = field(repr=False)

    @cached_property
    def scorer(self) -> "Scorer":
        """Ready to score."""
        from credit_risk.scoring import Scorer

        return Scorer(self.stored.booster_text, self.stored.manifest)

    @cached_property
    def reference(self) -> pd.DataFrame:
        """A sample of the applicants that it was trained on, one column an accepted feature."""
        sample = TrainingReference(self.database, self.lake).sample(self.stored.version)
        return self.stored.manifest.feature_set.conform(sample)

    def warm_up(self) -> None:
        """Read now what is read when first asked for, and prepare the trees for contributions."""
        first = self.reference.head(1)
        self.scorer.contributions(self.stored.manifest.feature_set.encode_frame(first)[0])

    @cached_property
    def out_of_fold(self) -> pd.DataFrame:
        """Its training rows with probabilities from models that did not see them.

        Raises:
            ModelError: they are gone.
        """
        from resources.live_references import out_of_fold_file

        name = out_of_fold_file(self.stored.version)
        try:
            return self.lake.read_frame(name)
        except FileNotFoundError:
            raise ModelError(
                f"no out-of-fold predictions of model {self.stored.version}",
                expected=f"{name} in the lake",
                remedy="restore the lake, or train again",
            ) from None


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()


@st.cache_resource(show_spinner=False)
def database() -> Database:
    """The database, as its reader. Raises UnavailableError, SettingsError."""
    return open_reader_database(settings())


@st.cache_resource(show_spinner=False)
def lake() -> Lake:
    """The lake. Raises SettingsError."""
    return Lake(settings().lake_root)


@st.cache_resource(show_spinner=False)
def registry() -> Registry:
    """The model registry, read through the reader's connection."""
    return open_registry(database(), lake())


def service() -> ScoringService:
    """The scoring service."""
    key = settings().api_key
    return ScoringService(settings().service_url, key.get_secret_value() if key else None)


@st.cache_resource(show_spinner=False, max_entries=MOST_MODELS)
def model(version: str) -> Model:
    """A registered model. Raises ModelError, UnavailableError."""
    return Model(registry().load(version), lake(), database())


@st.cache_resource(show_spinner=False)
def form_program() -> "FormProgram":
    """What computes the features of an application form."""
    from credit_risk.features.form import compile_form

    return compile_form()


def ask(question: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401  # what the question answers
    """The answer of a query of `dashboard.queries`, at most `KEPT_S` old.

    Args:
        question: takes a connection and the arguments.
        arguments: plain values, by which answers are kept.

    Raises:
        UnavailableError: the database does not answer.
    """
    return _answer(f"{question.__module__}.{question.__name__}", arguments, question)


@st.cache_data(show_spinner=False, ttl=KEPT_S, max_entries=MOST_ANSWERS)
def _answer(name: str, arguments: tuple[object, ...], _question: Callable[..., Any]) -> Any:  # noqa: ANN401, ARG001
    with reading(database()) as connection:
        return _question(connection, *arguments)


def live_version() -> str | None:
    """The version in production by the history of live models, or None before the first."""
    version: str | None = ask(_live_version)
    return version


def reference_statistics(version: str, features: tuple[str, ...]) -> pd.DataFrame:
    """Statistics of features in a model's training, by name."""
    found: pd.DataFrame = ask(_reference, version, features)
    return found.set_index("feature_name")


def _live_version(connection: Connection) -> str | None:
    row = connection.execute("SELECT model_version FROM credit.live_models WHERE live_to IS NULL").fetchone()
    return None if row is None else str(row[0])


def _reference(connection: Connection, version: str, features: tuple[str, ...]) -> pd.DataFrame:
    return model_queries.reference(connection, version, list(features))
