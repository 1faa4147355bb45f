"""Features by client and from the form, against the offline row of every client of a portfolio, to the bit."""

import asyncio
import csv
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from credit_risk.errors import ApplicationError, ModelError, UnavailableError
from credit_risk.feature_set import Feature, FeatureSet
from credit_risk.features.client import FEATURE_TABLES, across_sources
from credit_risk.features.rendering import CLIENT
from credit_risk.features.version import code_version
from credit_risk.tables.catalogue import TABLES
from resources.engine_duckdb import DuckDBEngine
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from resources.online_features_load import load_online_features
from resources.raw_files import convert
from serving.deadline import Watchdog
from serving.features_lookup import FeatureLookup, UnknownClientError
from simulation.portfolio import synthesize

N_CLIENTS, SEED = 300, 11
HISTORIES = [name for name in TABLES if not name.startswith("application")]
# One client whom no history knows, whatever the draw.
WITHOUT_HISTORY = 5


@dataclass
class Offline:
    """A portfolio and its features, as the graph computes them."""

    store: FeatureStore
    forms: dict[int, dict[str, object]]
    rows: dict[int, dict[str, object]]
    feature_set: FeatureSet

    @property
    def clients(self):
        return list(self.rows)


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("offline")
    synthesize(N_CLIENTS, SEED, folder / "csv")
    lake = Lake(str(folder / "lake"))
    forget_histories(folder / "csv")
    for table in TABLES:
        parquet = lake.local_path(f"raw/{table}.parquet")
        parquet.parent.mkdir(parents=True, exist_ok=True)
        convert(folder / "csv" / f"{table}.csv", parquet, table)
    store = compute_features(lake, folder)
    rows = {row.pop(CLIENT): row for row in pq.read_table(file_of(store)).to_pylist()}
    frame = store.frame("v1")
    # All features, the protected ones among them.
    return Offline(store, read_forms(lake), rows, FeatureSet.from_frame(frame))


def forget_histories(folder):
    """Take a client out of every history."""
    with (folder / "application_train.csv").open(newline="") as file:
        client = list(csv.DictReader(file))[WITHOUT_HISTORY][CLIENT]
    for name in HISTORIES:
        path = folder / f"{name}.csv"
        head, *rows = path.read_text().splitlines()
        if CLIENT in head:
            position = head.split(",").index(CLIENT)
            rows = [row for row in rows if row.split(",")[position] != client]
        path.write_text("\n".join([head, *rows]) + "\n")


def compute_features(lake, folder):
    engine, store = DuckDBEngine(lake, folder / "scratch"), FeatureStore(lake)
    for table in FEATURE_TABLES:
        sources = {name: engine.table(f"raw/{name}.parquet") for name in table.inputs}
        engine.write(store.file(table.name, "v1"), table.compute(sources).order_by(CLIENT))
    files = [store.file(table.name, "v1") for table in FEATURE_TABLES]
    engine.join(store.file(CLIENT_FEATURES, "v1"), files, CLIENT, across_sources)
    store.publish(CLIENT_FEATURES, "v1", {}, code_version())
    return store


def file_of(store, version="v1"):
    return store.lake.local_path(store.file(CLIENT_FEATURES, version))


def read_forms(lake):
    """Every application as a loan system would send it: all of its columns, null where missing."""
    forms = {}
    for name in ("application_train", "application_test"):
        for row in pq.read_table(lake.local_path(f"raw/{name}.parquet")).to_pylist():
            row.pop("TARGET", None)
            forms[row.pop(CLIENT)] = row
    return forms


@pytest.fixture(scope="module")
def watchdog():
    watchdog = Watchdog()
    watchdog.start()
    yield watchdog
    watchdog.stop()


@pytest.fixture(scope="module")
def online(postgres_module, offline):
    """The portfolio's features in PostgreSQL."""
    load_online_features(postgres_module, offline.store, offline.store.newest())
    return postgres_module


@pytest.fixture(scope="module")
def lookup(online, watchdog):
    with_lookup = FeatureLookup(lambda: online.connect(autocommit=True), watchdog)
    with_lookup.start()
    yield with_lookup
    with_lookup.close()


@pytest.fixture
def lookup_in(watchdog):
    """`lookup_in(database)`: a lookup of this test's own."""
    started = []

    def start(connect, **arguments):
        lookup = FeatureLookup(connect, watchdog, **arguments)
        lookup.start()
        started.append(lookup)
        return lookup

    yield start
    for lookup in started:
        lookup.close()


def bits(features):
    """What is there, numbers as text that tells every two of them apart."""
    return {
        name: value.hex() if isinstance(value, float) else value
        for name, value in features.items()
        if value is not None
    }


def run(coroutine):
    return asyncio.run(coroutine)


def test_the_portfolio_holds_what_is_special(offline):
    employed = [form["DAYS_EMPLOYED"] for form in offline.forms.values()]
    assert 365243 in employed
    of_histories = [term.name for table in FEATURE_TABLES[1:] for term in table.specifications]
    without = [client for client, row in offline.rows.items() if all(row[name] is None for name in of_histories)]
    assert without
    assert len(offline.rows) == N_CLIENTS


def test_features_by_client_are_the_offline_row_of_every_client(lookup, offline):
    async def look_up_all():
        return [await lookup.by_client(client, offline.feature_set) for client in offline.clients]

    found = run(look_up_all())
    assert [bits(features) for features in found] == [bits(row) for row in offline.rows.values()]


def test_features_from_the_form_are_the_offline_row_of_every_client(lookup, offline):
    async def look_up_all():
        return [
            await lookup.from_form(client, offline.forms[client], offline.feature_set) for client in offline.clients
        ]

    found = run(look_up_all())
    assert [bits(features) for features in found] == [bits(row) for row in offline.rows.values()]


def test_forms_at_the_same_time_do_not_mix(lookup, offline):
    async def look_up_all():
        return await asyncio.gather(
            *(lookup.from_form(client, offline.forms[client], offline.feature_set) for client in offline.clients),
            *(lookup.by_client(client, offline.feature_set) for client in offline.clients),
        )

    found = run(look_up_all())
    assert [bits(features) for features in found] == 2 * [bits(row) for row in offline.rows.values()]


def test_a_form_of_nobody_known_has_the_features_of_a_client_without_history(lookup, offline):
    of_histories = [term.name for table in FEATURE_TABLES[1:] for term in table.specifications]
    client = next(c for c, row in offline.rows.items() if all(row[name] is None for name in of_histories))
    found = run(lookup.from_form(10**12, offline.forms[client], offline.feature_set))
    assert bits(found) == bits(offline.rows[client])


def test_the_form_goes_before_the_stored_application(lookup, offline):
    client = offline.clients[0]
    form = offline.forms[client] | {"AMT_CREDIT": 123_456.5}
    found = run(lookup.from_form(client, form, offline.feature_set))
    assert found["AMT_CREDIT"] == 123_456.5
    assert found["BUREAU_COUNT"] == offline.rows[client]["BUREAU_COUNT"]


def test_an_empty_form_has_what_the_histories_say_and_nothing_of_the_stored_application(lookup, offline):
    client = next(c for c in offline.clients if offline.rows[c]["BUREAU_COUNT"])
    found = run(lookup.from_form(client, {}, offline.feature_set))
    assert "AMT_CREDIT" not in found
    assert found["BUREAU_COUNT"] == offline.rows[client]["BUREAU_COUNT"]


def test_only_what_the_model_takes_comes_back(lookup, offline):
    scored = (Feature("AMT_CREDIT", "numeric"), Feature("BUREAU_COUNT", "numeric"))
    some = FeatureSet(scored=scored, protected=(Feature("CODE_GENDER", "categorical", ("F", "M")),))
    client = next(c for c in offline.clients if offline.rows[c]["BUREAU_COUNT"])
    for found in (lookup.by_client(client, some), lookup.from_form(client, offline.forms[client], some)):
        assert set(run(found)) == {"AMT_CREDIT", "BUREAU_COUNT", "CODE_GENDER"}


def test_an_unknown_client_is_not_found(lookup, offline):
    with pytest.raises(
        UnknownClientError, match=r"found no features of this client.*send the application form"
    ) as caught:
        run(lookup.by_client(10**12, offline.feature_set))
    assert caught.value.status == 404
    assert str(10**12) not in str(caught.value)


def test_a_form_with_faults_is_refused_before_the_database_is_asked(lookup_in, offline):
    lookup = lookup_in(lambda: pytest.fail("the database was asked"))
    with pytest.raises(ApplicationError, match=r"found 2 form fields at fault: TARGET.*AMT_CREDIT: expected a n"):
        run(lookup.from_form(1, {"TARGET": 1, "AMT_CREDIT": "much"}, offline.feature_set))


def test_before_the_first_load_the_service_says_what_to_do(postgres, lookup_in, offline):
    lookup = lookup_in(lambda: postgres.connect(autocommit=True))
    for looking in (lookup.by_client(1, offline.feature_set), lookup.from_form(1, {}, offline.feature_set)):
        with pytest.raises(UnavailableError, match=r"found no features in credit\.online_features.*materialize"):
            run(looking)


@pytest.fixture
def without(postgres, offline):
    """`without(*names)`: a database whose features an older code computed, which did not know these."""

    def load(*names):
        table = pq.read_table(file_of(offline.store)).drop_columns(list(names))
        pq.write_table(table, file_of(offline.store, "older"))
        accepted = offline.store.newest().version
        offline.store.publish(CLIENT_FEATURES, "older", {}, "code0")
        offline.store.accept(CLIENT_FEATURES, accepted)
        load_online_features(postgres, offline.store, offline.store.record(CLIENT_FEATURES, "older"))
        return postgres

    yield load
    for name in (file_of(offline.store, "older"), file_of(offline.store, "older").with_suffix(".json")):
        Path(name).unlink()


LACKS = "no {} in online_features of version older, computed by feature code code0.*materialize online_features"


def test_features_that_older_code_did_not_compute_are_named_not_left_out(without, lookup_in, offline):
    database = without("BUREAU_COUNT", "AMT_CREDIT")
    lookup = lookup_in(lambda: database.connect(autocommit=True))
    client = offline.clients[0]
    with pytest.raises(ModelError, match=LACKS.format("AMT_CREDIT, BUREAU_COUNT")):
        run(lookup.by_client(client, offline.feature_set))
    # The form has the one, computed now; and its client need not be known for the other to be lacking.
    for known in (client, 10**12):
        with pytest.raises(ModelError, match=LACKS.format("BUREAU_COUNT")):
            run(lookup.from_form(known, {}, offline.feature_set))


def test_a_feature_across_sources_is_not_computed_of_a_history_that_is_lacking(without, lookup_in, offline):
    database = without("BUREAU_COUNT")
    lookup = lookup_in(lambda: database.connect(autocommit=True))
    name = "AMT_REQ_CREDIT_BUREAU_YEAR_TO_BUREAU_COUNT"
    assert name in next(iter(offline.rows.values()))
    with pytest.raises(ModelError, match=LACKS.format("BUREAU_COUNT")):
        run(lookup.from_form(1, {}, FeatureSet(scored=(Feature(name, "numeric"),), protected=())))
    # Stored as a whole, it is there.
    assert run(lookup.by_client(offline.clients[0], FeatureSet((Feature(name, "numeric"),), ()))) is not None


def test_a_swap_under_lookups_is_followed_without_a_failure(postgres, lookup_in, offline):
    """The newer version has its columns in another order: layout and rows must never be of two versions."""
    table = pq.read_table(file_of(offline.store))
    reordered = table.select([CLIENT, *reversed([name for name in table.column_names if name != CLIENT])])
    pq.write_table(reordered, file_of(offline.store, "newer"))
    offline.store.publish(CLIENT_FEATURES, "newer", {}, "code2")
    offline.store.accept(CLIENT_FEATURES, "v1")
    records = [offline.store.record(CLIENT_FEATURES, version) for version in ("v1", "newer")]
    load_online_features(postgres, offline.store, records[0])
    lookup = lookup_in(lambda: postgres.connect(autocommit=True), deadline_s=5.0)
    stop = threading.Event()

    def swap():
        for record in reversed(records):
            load_online_features(postgres, offline.store, record)
        stop.set()

    async def look_up():
        found = []
        while not stop.is_set():
            found += await asyncio.gather(
                *(lookup.by_client(client, offline.feature_set) for client in offline.clients[:20])
            )
        return found

    swapping = threading.Thread(target=swap)
    swapping.start()
    found = run(look_up())
    swapping.join()
    expected = [bits(offline.rows[client]) for client in offline.clients[:20]]
    assert len(found) > 20
    assert all(bits(features) == expected[number % 20] for number, features in enumerate(found))


@pytest.fixture
def own_server(postgres_server, offline):
    """A server that a test may harm, with the portfolio's features."""
    load_online_features(postgres_server.database(), offline.store, offline.store.newest())
    return postgres_server


def test_without_postgresql_there_is_no_answer_and_soon_after_it_comes_back_there_is(
    own_server, lookup_in, offline, eventually
):
    client, feature_set = offline.clients[0], offline.feature_set
    lookup = lookup_in(lambda: own_server.database().connect(autocommit=True, connect_timeout=2))
    assert run(lookup.by_client(client, feature_set))
    own_server.kill()
    for _ in range(3):
        for looking in (lookup.by_client(client, feature_set), lookup.from_form(client, {}, feature_set)):
            with pytest.raises(
                UnavailableError, match=r"found no answer from PostgreSQL, which holds.*send the request again"
            ):
                run(looking)
    own_server.start()

    def answers():
        try:
            return bool(run(lookup.by_client(client, feature_set)))
        except UnavailableError:
            return False

    eventually(answers)


def test_a_restart_between_two_requests_is_no_outage(own_server, lookup_in, offline):
    client = offline.clients[0]
    lookup = lookup_in(lambda: own_server.database().connect(autocommit=True))

    async def look_up_all():
        return await asyncio.gather(*(lookup.by_client(client, offline.feature_set) for _ in range(40)))

    run(look_up_all())
    own_server.stop()
    own_server.start()
    assert len(run(look_up_all())) == 40


def test_a_server_that_is_paused_holds_nobody_beyond_the_deadline(own_server, lookup_in, offline):
    client, feature_set = offline.clients[0], offline.feature_set
    lookup = lookup_in(lambda: own_server.database().connect(autocommit=True, connect_timeout=2), deadline_s=0.3)

    async def look_up_many():
        lookups = [lookup.by_client(client, feature_set) for _ in range(100)]
        return await asyncio.gather(*lookups, return_exceptions=True)

    run(look_up_many())
    own_server.pause()
    try:
        started = time.monotonic()
        found = run(look_up_many())
        seconds = time.monotonic() - started
    finally:
        own_server.resume()
    assert {type(error) for error in found} == {UnavailableError}
    # Were each to wait for a connection of its own (2 s, four at once), it would be a minute.
    assert seconds < 20
