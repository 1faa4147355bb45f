"""The running Dagster, through its GraphQL client: launch, follow, list.

Keep out: definitions of the graph; the command line never imports them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from time import sleep
from typing import Any

from credit_risk.errors import SettingsError, UnavailableError
from resources.settings import Settings

# Names of the graph that commands use.
TRAINING_JOB = "training_job"
DRIFT_JOB = "drift_job"
CAUSE_TAG = "credit/cause"
AUTHOR_TAG = "credit/author"
# The UI's own tag for whoever is signed in.
USER_TAG = "user"
# What a training without new raw files runs: the model and what hangs on it.
RETRAINED = ("credit_model", "training_reference", "model_comparison", "champion_model")

# Of its daily partitions.
FIRST_DAY = date(2020, 1, 1)

FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
POLL_S = 1.0

_STEPS = """
query($runId: ID!) { runOrError(runId: $runId) { __typename
    ... on Run { status stepStats { stepKey status startTime endTime
        materializations { assetKey { path } } } } } }
"""
_RUNS = """
query($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 50) { __typename
    ... on Runs { results { runId status jobName creationTime tags { key value } } } } }
"""


def require_days(first: date, last: date) -> None:
    """Refuse a range of days that are none, or not there yet: Dagster would run it, and report nothing.

    Raises:
        SettingsError: the last day is before the first one, or after today.
    """
    today = datetime.now(UTC).date()
    if not FIRST_DAY <= first <= last <= today:
        raise SettingsError(
            f"days from {first} to {last}",
            expected=f"a first day, not before {FIRST_DAY}, and a last one that is neither before it nor after {today}",
            remedy="correct --from and --to",
        )


class DagsterClient:
    """Launches runs of the platform's jobs and follows them.

    Raises:
        UnavailableError: no Dagster answers at the configured address.
    """

    def __init__(self, settings: Settings) -> None:
        from dagster_graphql import DagsterGraphQLClient

        self._where = settings.dagster_api_url or f"port {settings.dagster_port}"
        self._url = (settings.dagster_api_url or f"http://127.0.0.1:{settings.dagster_port}").rstrip("/")
        scheme, _, place = self._url.partition("://")
        with self._reached():
            # With its port and path, as an address has them.
            self._client = DagsterGraphQLClient(place, use_https=scheme == "https")

    def launch(
        self,
        job: str,
        *,
        tags: Mapping[str, str] | None = None,
        run_config: Mapping[str, Any] | None = None,
        assets: Sequence[str] | None = None,
    ) -> str:
        """Launch a job, all of it or some of its assets; returns the run's id."""
        with self._reached():
            return str(
                self._client.submit_job_execution(
                    job,
                    tags=dict(tags or {}),
                    run_config=run_config,
                    asset_selection=None if assets is None else list(assets),
                )
            )

    def launch_range(self, job: str, first: date, last: date) -> str:
        """Launch a partitioned job for a range of days in one run; returns the run's id."""
        tags = {
            "dagster/asset_partition_range_start": first.isoformat(),
            "dagster/asset_partition_range_end": last.isoformat(),
            # Whoever waits for it is told how it ended, and runs it again.
            "dagster/max_retries": "0",
        }
        return self.launch(job, tags=tags)

    def page_of(self, run_id: str) -> str:
        """Where people read about a run."""
        return f"{self._url}/runs/{run_id}"

    def steps(self, run_id: str) -> tuple[str, list[dict[str, Any]]]:
        """A run's status and its steps: stepKey, status, startTime, endTime, materializations."""
        run = self._query(_STEPS, {"runId": run_id})["runOrError"]
        return str(run["status"]), list(run["stepStats"])

    def runs(self, **run_filter: object) -> list[dict[str, Any]]:
        """The newest runs that match a RunsFilter, newest first; tags as a dict."""
        results = self._query(_RUNS, {"filter": run_filter})["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in results]

    def wait(self, run_id: str, on_step: Callable[[str, str, float], None] | None = None) -> str:
        """Wait for a run's end, and return its status.

        `on_step(asset, status, seconds)` hears once of each step that stored an asset, or failed.
        """
        told: set[str] = set()
        while True:
            status, steps = self.steps(run_id)
            for step in steps:
                if step["endTime"] and step["stepKey"] not in told:
                    told.add(step["stepKey"])
                    stored = ["/".join(m["assetKey"]["path"]) for m in step["materializations"]]
                    if on_step and (stored or step["status"] == "FAILURE"):
                        name = stored[0] if stored else step["stepKey"]
                        on_step(name, step["status"], step["endTime"] - step["startTime"])
            if status in FINISHED:
                return status
            sleep(POLL_S)

    def _query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        with self._reached():
            answer: dict[str, Any] = self._client._execute(query, dict(variables))  # noqa: SLF001  # its only door for queries
        return answer

    @contextmanager
    def _reached(self) -> Iterator[None]:
        from dagster_graphql import DagsterGraphQLClientError
        from gql.transport.exceptions import TransportConnectionFailed

        try:
            yield
        except DagsterGraphQLClientError as error:
            if not isinstance(error.__cause__, TransportConnectionFailed):
                raise
            raise UnavailableError(
                f"no Dagster at {self._where}",
                expected="the running platform",
                remedy="start it with `make up`, or set CREDIT_DAGSTER_API_URL where it runs elsewhere",
            ) from None
