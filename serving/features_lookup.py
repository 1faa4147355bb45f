"""Features that the caller does not send: looked up by client, or computed from the application form.

Here: what a model takes of a client's stored row, and of a form beside that row; nothing else comes back, and what is
missing is left out. Keep out: what a feature is (`credit_risk.features`), reading rows (`feature_reader`), scoring.

Nothing is guessed: without PostgreSQL there is no answer, from the form neither. The history of a client may hold
what refuses him, and "not known now" would be scored as "has none".
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from credit_risk.errors import ModelError
from credit_risk.feature_set import FeatureSet
from resources.database import Connection
from resources.online_features import OnlineClient, OnlineLayout
from serving.deadline import Watchdog
from serving.feature_reader import READ_DEADLINE_S, FeatureReader
from serving.problems import RequestError

if TYPE_CHECKING:
    from credit_risk.features.form import FormProgram

Features = dict[str, float | str | None]

# Each has a connection of its own. Reads are short: more threads would wait for the interpreter, not for PostgreSQL.
N_THREADS = 4

# Of models and versions of the features; two of each are in use around a promotion or a load.
MAX_PLANS = 16


class UnknownClientError(RequestError):
    """A client that `online_features` does not hold."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.NOT_FOUND,
            "unknown",
            "no features of this client",
            expected="a client of the portfolio, as it was last loaded",
            remedy="send the application form (application) or the features",
        )


@dataclass(frozen=True)
class _Plan:
    """What one model takes from rows of one layout and from the form.

    Attributes:
        feature_set: of the model; held, so that no other gets its identity.
        stored: position and name of the numbers and texts that it takes.
        of_histories: those of them that a form does not have.
        of_form: the features that it takes of a form.
        read_by_form: position and name of the numbers that the form's features read.
        lacking: what it takes and rows do not hold.
        lacking_for_form: what it takes and neither rows nor a form can give.
    """

    feature_set: FeatureSet
    stored: "_Positions"
    of_histories: "_Positions"
    of_form: frozenset[str]
    read_by_form: "_Positions"
    lacking: tuple[str, ...]
    lacking_for_form: tuple[str, ...]


@dataclass(frozen=True)
class _Positions:
    """Where features stand in the arrays of a row."""

    numbers: tuple[tuple[int, str], ...]
    texts: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, layout: OnlineLayout, names: Collection[str]) -> "_Positions":
        """The positions of those of the names that the layout holds."""
        return cls(
            tuple((i, name) for i, name in enumerate(layout.numbers) if name in names),
            tuple((i, name) for i, name in enumerate(layout.texts) if name in names),
        )

    def pick(self, client: OnlineClient) -> Features:
        """The features of a client that are not missing."""
        numbers, texts = client.numbers, client.texts
        picked: Features = {}
        picked.update((name, value) for i, name in self.numbers if (value := numbers[i]) is not None)
        picked.update((name, text) for i, name in self.texts if (text := texts[i]) is not None)
        return picked


class FeatureLookup:
    """Looks features up in threads of its own, so that the event loop stays free.

    Args:
        connect: opens a connection with autocommit; raises UnavailableError, psycopg.Error.
        watchdog: started; ends reads that outlive the deadline.
        deadline_s: seconds that a read may take.
    """

    def __init__(
        self, connect: Callable[[], Connection], watchdog: Watchdog, *, deadline_s: float = READ_DEADLINE_S
    ) -> None:
        self._reader = FeatureReader(connect, watchdog, deadline_s=deadline_s)
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="features-lookup")
        self._program: FormProgram | None = None
        self._plans: dict[tuple[int, str], _Plan] = {}

    def start(self) -> None:
        """Compile the form's features (2 to 3 s with imports); connections are opened when they are needed."""
        from credit_risk.features.form import compile_form

        self._program = compile_form()

    def close(self) -> None:
        """End the threads and their connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._reader.close()

    async def by_client(self, sk_id_curr: int, feature_set: FeatureSet) -> Features:
        """The features of a client of the portfolio.

        Args:
            sk_id_curr: the client.
            feature_set: what the model takes; no other features come back.

        Raises:
            UnknownClientError: the portfolio does not hold the client.
            ModelError: the model takes features that rows do not hold; names these and the version.
            UnavailableError: PostgreSQL does not answer in time, or nothing was loaded yet.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._by_client, sk_id_curr, feature_set)

    async def from_form(self, sk_id_curr: int, application: Mapping[str, object], feature_set: FeatureSet) -> Features:
        """The features of an application form, with the history of its client where there is one.

        Raises:
            ApplicationError: names every field at fault.
            ModelError: the model takes features that neither a form nor rows hold.
            UnavailableError: as `by_client`.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._from_form, sk_id_curr, application, feature_set
        )

    def _by_client(self, sk_id_curr: int, feature_set: FeatureSet) -> Features:
        layout, client = self._reader.read(sk_id_curr)
        plan = self._plan(feature_set, layout)
        if plan.lacking:
            raise _lack(plan.lacking, layout)
        if client is None:
            raise UnknownClientError
        return plan.stored.pick(client)

    def _from_form(self, sk_id_curr: int, application: Mapping[str, object], feature_set: FeatureSet) -> Features:
        from credit_risk.features.form import read_form

        # First: a form with faults is refused whatever else is away.
        fields = read_form(application)
        layout, client = self._reader.read(sk_id_curr)
        plan = self._plan(feature_set, layout)
        if plan.lacking_for_form:
            raise _lack(plan.lacking_for_form, layout)
        features = {} if client is None else plan.of_histories.pick(client)
        history = {} if client is None else plan.read_by_form.pick(client)
        computed = self._compiled().features(fields, history)
        features.update((name, computed[name]) for name in plan.of_form if computed[name] is not None)
        return features

    def _compiled(self) -> "FormProgram":
        assert self._program is not None, "start() comes before the first lookup"
        return self._program

    def _plan(self, feature_set: FeatureSet, layout: OnlineLayout) -> _Plan:
        # By identity: comparing and hashing a feature set with all its levels takes longer than a lookup.
        key = id(feature_set), layout.feature_version
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans = {}
            plan = self._plans[key] = make_plan(feature_set, layout, self._compiled())
        return plan


def make_plan(feature_set: FeatureSet, layout: OnlineLayout, program: "FormProgram") -> _Plan:
    """What a model takes from rows of a layout and from the form."""
    taken = [feature.name for feature in feature_set.accepted]
    held, of_form = set(layout.names), frozenset(program.names).intersection(taken)
    # Also what a feature that is taken is computed from: without it, it would be missing without a word.
    needed = dict.fromkeys([name for name in taken if name not in of_form])
    needed |= dict.fromkeys(name for feature in of_form for name in program.reads.get(feature, ()))
    return _Plan(
        feature_set=feature_set,
        stored=_Positions.of(layout, set(taken)),
        of_histories=_Positions.of(layout, set(taken) - of_form),
        of_form=of_form,
        read_by_form=_Positions.of(layout, set(program.history)),
        lacking=tuple(name for name in taken if name not in held),
        lacking_for_form=tuple(name for name in needed if name not in held),
    )


def _lack(names: tuple[str, ...], layout: OnlineLayout) -> ModelError:
    return ModelError(
        f"no {', '.join(names)} in online_features of version {layout.feature_version}, "
        f"computed by feature code {layout.code_version}",
        expected="every feature that the live model takes",
        remedy="materialize online_features from features of the model's code, or promote a model of these",
        fields={
            "lacking": list(names),
            "feature_version": layout.feature_version,
            "code_version": layout.code_version,
        },
    )
