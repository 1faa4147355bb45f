"""`credit traffic`: the seed batches, sent to the scoring service over HTTP."""

from collections import Counter
from time import sleep

import numpy as np
import pandas as pd

from cli.console import console
from credit_risk.errors import UnavailableError
from resources.feature_store import FeatureStore
from resources.lake import Lake
from resources.settings import Settings, load_settings
from simulation.client import Answers, applications, post_applications
from simulation.traffic import SEED_BATCHES, seed_batch


def applicants(settings: Settings) -> pd.DataFrame:
    """Features of all clients: clean traffic is a sample of the population that the model was trained on.

    The clients of application_test alone are not: their credits are shorter, and drift reports say so.

    Raises:
        ModelError: no feature table yet.
    """
    store = FeatureStore(Lake(settings.lake_root))
    return store.frame(store.newest().version)


def service_url(settings: Settings) -> str:
    """Where the scoring service listens."""
    return f"http://{settings.api_host}:{settings.api_port}"


def send(*, batch_size: int, n_batches: int, delay: float, seed: int) -> None:
    """Send batches and print each one's answers, refusals and errors.

    Raises:
        UnavailableError: no application was answered, or nothing listens.
    """
    settings = load_settings()
    key = settings.api_key.get_secret_value() if settings.api_key else None
    population = applicants(settings)
    rng = np.random.default_rng(seed)
    n_answered, errors = 0, Counter[str]()
    for number in range(n_batches):
        if number:
            sleep(delay)
        batch = SEED_BATCHES[number % len(SEED_BATCHES)]
        rows = seed_batch(population, batch.number, batch_size, rng)
        answers = post_applications(service_url(settings), applications(rows), key=key)
        console.print(f"batch {number + 1} of {n_batches}: {batch.kind} {batch.intensity:g}: {summary_line(answers)}")
        n_answered += answers.n_answered
        errors += Counter(answers.errors)
    if not n_answered:
        raise UnavailableError(
            f"no answer to any of {errors.total()} applications ({', '.join(errors)})",
            expected="decisions",
            remedy="with 401 or 403 set CREDIT_API_KEY to a key with the role score; else look at the service's log",
        )


def summary_line(answers: Answers) -> str:
    """A batch's answers in one line."""
    refused = answers.decisions["REFUSED"]
    share = refused / answers.n_answered if answers.n_answered else 0.0
    line = (
        f"{answers.n_answered} answers in {answers.seconds:.1f} s, {share:.0%} refused, "
        f"model {', '.join(answers.model_versions) or '-'}"
    )
    if answers.errors:
        line += "; errors: " + ", ".join(f"{count} x {error}" for error, count in answers.errors.items())
    return line
