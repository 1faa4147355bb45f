"""`credit features`: what people read, and what it takes to remove something.

The registry is real, and slow to make: the tests share one with one model, and each has a lake of its own.
"""

import json
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import features as command
from cli.features import size
from cli.main import app
from credit_risk.errors import ModelError, UnavailableError
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.feature_use import models_by_feature_version
from resources.lake import Lake
from resources.registry import EXPERIMENT, open_registry
from resources.settings import Settings

BEFORE = pd.DataFrame({"SK_ID_CURR": [1, 2, 3], "MOVED": [1.0, 2.0, 3.0], "GONE": [1.0] * 3, "KIND": ["a", None, "b"]})
AFTER = pd.DataFrame({"SK_ID_CURR": [2, 3, 4], "MOVED": [2.5, 3.5, None], "KIND": [None, "c", "c"], "NEW": [0.0] * 3})

# Nothing listens there.
AWAY = "postgresql://127.0.0.1:9/credit"


@pytest.fixture(scope="module")
def registry(postgres_module, tiny_model, tmp_path_factory):
    """A registry with one model, which is in production and was trained on the features "aa11"."""
    import mlflow

    registry = open_registry(postgres_module, Lake(str(tmp_path_factory.mktemp("models"))))
    mlflow.set_tracking_uri(registry.tracking_uri)
    model = tiny_model("unregistered")
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        registry.promote(
            registry.register(model.booster_text, replace(model.manifest, feature_version="aa11")),
            cause="test",
            author="test",
        )
    yield registry
    mlflow.set_tracking_uri(None)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store, which the commands find; there is no registry unless a test asks for it."""
    for setting in Settings.model_fields.values():
        monkeypatch.delenv(str(setting.validation_alias), raising=False)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREDIT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("DATABASE_URL", AWAY)
    return FeatureStore(Lake(str(tmp_path / "lake")))


@pytest.fixture
def with_registry(registry, store, monkeypatch):
    """The commands find the registry as well. Returns the store."""
    monkeypatch.setenv("DATABASE_URL", registry.database.url)
    return store


@pytest.fixture
def commit(store):
    """`commit(version, day)`: a version made on a day of November."""

    def commit(version, day, frame=BEFORE, table=CLIENT_FEATURES, **raw):
        store.lake.write_frame(store.file(table, version), frame)
        digests = {"bureau": "b1", "application_train": "t1"} | raw
        record = store.describe(table, version, code_version=f"code{day}", raw_sha256=digests)
        store.commit(replace(record, created_at=f"2026-11-{day:02d}T10:20:30+00:00"))

    return commit


@pytest.fixture
def three(store, commit):
    """Three versions of the client features, the second accepted, and one of another table."""
    commit("aa11", 1)
    commit("ab22", 2, AFTER, bureau="b2")
    commit("cc33", 3, bureau="b2")
    commit("ee55", 1, table="bureau")
    store.accept(CLIENT_FEATURES, "ab22")
    return store


@pytest.fixture
def credit(monkeypatch):
    """`credit(*arguments, typed=)`: run `credit features ...`. Returns what it prints on a wide page."""

    def credit(*arguments, typed=None):
        monkeypatch.setattr(command, "console", Console(width=200, highlight=False))
        result = CliRunner().invoke(app, ["features", *arguments], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return credit


def row(text: str, name: str) -> list[str]:
    """The cells of a row, by the first of them."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in line[1:-1].split("│")]


def remaining(store) -> list[str]:
    return [record.version for record in store.versions()]


@pytest.mark.usefixtures("three", "with_registry")
def test_the_list_says_what_each_version_is_and_who_uses_it(credit):
    text = credit("list")
    assert "client_features: 3 versions" in text
    assert text.index("cc33") < text.index("ab22") < text.index("aa11")
    assert row(text, "aa11")[1:5] == ["2026-11-01", "2", "1 (production, staging)", "3 x 3"]
    assert row(text, "ab22")[2:5] == ["2, new: bureau", "", "3 x 3"]
    assert row(text, "cc33")[2:5] == ["2", "", "3 x 3"]
    lines = text.splitlines()
    (accepted,) = [number for number, line in enumerate(lines) if "accepted" in line]
    assert "ab22" in lines[accepted - 1]
    assert "10:20" in lines[accepted]
    assert "other tables and their versions, shown with --table: bureau (1)" in text


@pytest.mark.usefixtures("three")
def test_without_the_registry_the_list_says_that_nobody_knows_who_uses_it(credit):
    text = credit("list")
    assert row(text, "aa11")[3] == "?"
    assert "which models use them is not known: found no answer from PostgreSQL" in text


@pytest.mark.usefixtures("three")
def test_another_table_is_listed_without_the_registry(credit):
    text = credit("list", "--table", "bureau")
    assert "bureau: 1 version," in text
    assert row(text, "ee55")[3] == ""
    assert "not known" not in text


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("arguments", [["list"], ["prune", "--keep", "1"], ["diff", "a", "b"]])
def test_an_empty_store_is_said_to_be_empty(credit, arguments):
    with pytest.raises(ModelError, match=r"found no .*client_features.*; expected .*; materialize the asset of client"):
        credit(*arguments)


@pytest.mark.usefixtures("three")
def test_a_table_that_is_not_there_is_told_with_those_that_are(credit):
    with pytest.raises(ModelError, match=r"no version of buro .*expected .*: bureau, client_features; correct --table"):
        credit("list", "--table", "buro")


@pytest.mark.usefixtures("three")
def test_a_diff_takes_beginnings_and_shows_the_most_changed_first(credit):
    text = credit("diff", "aa", "ab")
    for part in (
        "client_features: aa11 (2026-11-01 10:20) -> ab22 (2026-11-02 10:20)",
        "code: another",
        "raw files that differ: bureau",
        "clients: 2 in both, 1 only before, 1 only after",
        "features: 2 changed, 0 unchanged, 1 added, 1 removed",
        "added: NEW",
        "removed: GONE",
        "2 of 2 changed features, most changed first",
    ):
        assert part in text
    assert text.index("MOVED") < text.index("KIND")
    assert row(text, "MOVED") == ["MOVED", "100.00%", "0.00%", "33.33%", "2", "3"]
    assert row(text, "KIND") == ["KIND", "50.00%", "33.33%", "33.33%", "", ""]
    assert "1 of 2 changed features" in credit("diff", "aa", "ab", "--top", "1")


@pytest.mark.usefixtures("three")
def test_a_diff_for_machines_is_json_and_nothing_else(credit):
    told = json.loads(credit("diff", "aa11", "ab22", "--json"))
    assert (told["before"], told["after"], told["raw_changed"]) == ("aa11", "ab22", ["bureau"])
    assert [change["feature"] for change in told["changed"]] == ["MOVED", "KIND"]


@pytest.mark.usefixtures("three")
def test_a_diff_of_a_version_with_itself_shows_no_table(credit):
    text = credit("diff", "cc33", "cc33")
    assert "0 changed, 3 unchanged" in text
    assert "most changed first" not in text


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("prefix", "problem"),
    [("x", "no versions .*begin with 'x'.*one of cc33, ab22, aa11"), ("a", "2 versions .*of ab22, aa11.*give more")],
)
def test_a_beginning_of_none_or_several_is_an_error(credit, prefix, problem):
    with pytest.raises(ModelError, match=problem):
        credit("diff", prefix, "cc33")


@pytest.mark.usefixtures("with_registry")
def test_a_dry_run_says_what_would_go_and_why_the_rest_stays_and_asks_nothing(three, credit):
    text = credit("prune", "--keep", "1", "--dry-run")
    assert "versions would be removed" not in text
    assert "the accepted version" in text
    assert "model 1 (production, staging) was trained on it" in text
    assert "nothing to remove" in text
    assert "[y/N]" not in text
    assert remaining(three) == ["cc33", "ab22", "aa11"]


@pytest.mark.usefixtures("with_registry")
def test_pruning_asks_before_it_removes(three, commit, credit):
    commit("bb00", 1)
    size_of = {each.record.version: each.bytes for each in three.stored()}
    refused = credit("prune", "--keep", "1", typed="n\n")
    assert f"Remove them and free {size(size_of['bb00'])}? [y/N]" in refused
    assert "bb00" in remaining(three)
    assert "nothing was removed" in credit("prune", "--keep", "1", "--dry-run")
    assert "bb00" in remaining(three)
    done = credit("prune", "--keep", "1", typed="y\n")
    assert "removed 1 version and 0 leftovers" in done
    assert remaining(three) == ["cc33", "ab22", "aa11"]


@pytest.mark.usefixtures("with_registry")
def test_whoever_says_yes_beforehand_is_not_asked(three, commit, credit):
    commit("bb00", 1)
    assert "[y/N]" not in credit("prune", "--keep", "1", "--yes")
    assert "bb00" not in remaining(three)


@pytest.mark.usefixtures("with_registry")
def test_a_file_that_a_run_may_be_writing_is_named_and_left_alone(three, credit):
    three.lake.write_frame(three.file(CLIENT_FEATURES, "dd44"), BEFORE)
    text = credit("prune", "--keep", "3")
    assert "left alone, perhaps of a run in progress: features/client_features/dd44.parquet" in text
    assert three.lake.exists(three.file(CLIENT_FEATURES, "dd44"))


def test_without_the_registry_nothing_is_removed(three, commit, credit):
    commit("bb00", 1)
    with pytest.raises(UnavailableError, match="nobody can say which versions models need, and nothing was removed"):
        credit("prune", "--keep", "1", "--yes")
    assert "bb00" in remaining(three)


@pytest.mark.usefixtures("with_registry")
def test_a_model_that_does_not_say_what_it_was_trained_on_stops_pruning(registry, three, commit, credit):
    commit("bb00", 1)
    (manifest,) = Lake(registry.artifact_root).local_path("").rglob("manifest.json")
    manifest.rename(manifest.with_suffix(".away"))
    try:
        with pytest.raises(ModelError, match=r"1 registered models that do not say which features .*model 1 unknown"):
            credit("prune", "--keep", "1", "--yes")
        assert "bb00" in remaining(three)
        assert row(credit("list"), "aa11")[3] == "?"
    finally:
        manifest.with_suffix(".away").rename(manifest)
    assert models_by_feature_version(registry) == {"aa11": ["1 (production, staging)"]}


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(900, "0.9 kB"), (1_500_000, "1.5 MB"), (999_999, "1000.0 kB"), (2_340_000_000, "2.3 GB")]
)
def test_sizes_are_told_in_powers_of_ten(n_bytes, text):
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("name", "told"), [("list", "which models use them"), ("diff", "--json"), ("prune", "Without the registry nothing")]
)
def test_each_command_explains_itself(name, told):
    shown = CliRunner(env={"COLUMNS": "300", "TERMINAL_WIDTH": "300"}).invoke(app, ["features", name, "--help"]).output
    assert told in " ".join(shown.split())
