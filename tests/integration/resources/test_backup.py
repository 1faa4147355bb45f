"""Backup, drop, restore: real PostgreSQL, real model files, decisions that come out bit for bit."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner
from uuid_utils.compat import uuid7

from cli.main import app
from credit_risk.decision import decide
from credit_risk.errors import UnavailableError
from credit_risk.scoring import Scorer
from resources import postgres_programs
from resources.backup import back_up
from resources.backup_manifest import DUMP, MANIFEST, BackupError, BackupManifest
from resources.database import Database
from resources.lake import Lake
from resources.prediction_log import DecisionRecord, FeatureNames, PredictionLog, insert_decisions
from resources.registry import EXPERIMENT, open_registry
from resources.restore import read_manifest, restore
from serving.journal import Journal

NAMES = FeatureNames(numbers=("AMT_CREDIT", "EXT_SOURCE_1", "DAYS_BIRTH"), texts=("ORGANIZATION_TYPE",))
N = 40


def decisions(model, n):
    """Decisions as the service makes them, without their reasons."""
    rng, scorer = np.random.default_rng(7), Scorer(model.booster_text, model.manifest)
    for _ in range(n):
        features = {
            "AMT_CREDIT": rng.lognormal(13, 0.6),
            "EXT_SOURCE_1": rng.random(),
            "DAYS_BIRTH": -int(rng.integers(7_500, 25_000)),
            "ORGANIZATION_TYPE": str(rng.choice(["School", "Trade"])),
        }
        score = scorer.score(features)
        decision = decide(score.probability, model.manifest.threshold)
        yield DecisionRecord(
            prediction_id=uuid7(),
            created_at=datetime.now(UTC),
            sk_id_curr=100_001,
            probability=score.probability,
            prediction=decision.prediction,
            decision=decision.label,
            threshold=model.manifest.threshold,
            model_version=model.version,
            inference_time_ms=0.1,
            n_features_missing=score.n_features_missing,
            features=features,
            feature_names=NAMES,
            reasons=(),
        )


@pytest.fixture(scope="module")
def platform(postgres_module, tmp_path_factory, tiny_model):
    """A database with decisions of a registered model, its lake, and a journal in which decisions wait."""
    import mlflow

    folder = tmp_path_factory.mktemp("platform")
    lake, journal = Lake(str(folder / "lake")), Journal(folder / "journal")
    registry = open_registry(postgres_module, lake)
    mlflow.set_tracking_uri(registry.tracking_uri)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    model = tiny_model("unregistered", seed=1)
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        version = registry.register(model.booster_text, model.manifest)
    mlflow.set_tracking_uri(None)
    made = list(decisions(replace(model, version=version), N + 3))
    with postgres_module.connect() as connection:
        insert_decisions(connection, made[:N])
    lake.write_bytes("features/client_features/v1.parquet", b"features")
    journal.prepare()
    journal.append(made[N:])
    journal.seal()
    return postgres_module, lake, journal.directory


@pytest.fixture
def saved(platform, tmp_path):
    """A backup of it."""
    target = Lake(str(tmp_path / "backup"))
    back_up(*platform, target)
    return target


@pytest.fixture
def elsewhere(empty_postgres, tmp_path):
    """An empty database, lake and journal."""
    return empty_postgres, Lake(str(tmp_path / "new" / "lake")), tmp_path / "new" / "journal"


def records(database):
    with database.connect() as connection:
        return connection.execute("SELECT * FROM credit.predictions ORDER BY prediction_id").fetchall()


def file_texts(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_decisions_come_back_and_replay_to_the_same_bits_where_the_lake_is_elsewhere(
    platform, saved, elsewhere, monkeypatch
):
    restore(saved, *elsewhere)
    assert records(elsewhere[0]) == records(platform[0])
    monkeypatch.setenv("DATABASE_URL", elsewhere[0].url)
    monkeypatch.setenv("CREDIT_LAKE", elsewhere[1].root)
    monkeypatch.setenv("CREDIT_HOME", str(elsewhere[2].parent))
    # Its files alone, not those of the lake that was.
    hidden = Path(platform[1].root).rename(Path(platform[1].root).with_name("hidden"))
    try:
        result = CliRunner().invoke(app, ["replay", "--sample", "1000"])
    finally:
        hidden.rename(platform[1].root)
    assert f"{N} decisions replayed (models: 1): no difference" in re.sub(r"\s+", " ", result.stdout)
    assert result.exit_code == 0


def test_decisions_that_wait_in_the_journal_come_back(platform, saved, elsewhere):
    restore(saved, *elsewhere)
    assert file_texts(elsewhere[2]) == file_texts(platform[2])
    again = Journal(elsewhere[2])
    again.prepare()
    segment = again.oldest()
    assert segment is not None
    assert again.depth() == 3


def test_roles_may_do_what_they_could(saved, elsewhere):
    restore(saved, *elsewhere)
    with elsewhere[0].connect() as connection:
        rights = connection.execute(
            "SELECT has_table_privilege('credit_service', 'credit.decisions', 'INSERT'),"
            " has_table_privilege('credit_reader', 'credit.decisions', 'SELECT'),"
            " has_table_privilege('credit_reader', 'credit.api_keys', 'SELECT')"
        ).fetchone()
    assert rights == (True, True, False)


def test_the_manifest_counts_rows_and_hashes_files(saved):
    manifest = read_manifest(saved)
    assert manifest.tables["credit.decisions"] == N
    assert manifest.tables["mlflow.model_versions"] == 1
    names = {file.name for file in manifest.files}
    assert {DUMP, "lake/features/client_features/v1.parquet"} < names
    assert {file.name for file in saved.files("")} == names | {MANIFEST}


def test_a_backup_replaces_nothing_unless_forced(platform, saved):
    with pytest.raises(BackupError, match="expected an empty or new place for a backup"):
        back_up(*platform, saved)
    saved.write_bytes("lake/left-over", b"of an older backup")
    back_up(*platform, saved, force=True)
    assert not saved.exists("lake/left-over")


def test_a_restore_replaces_nothing_unless_forced(saved, platform):
    with pytest.raises(BackupError) as caught:
        restore(saved, *platform)
    assert "schema credit in" in caught.value.found
    assert "files at file://" in caught.value.found
    assert "1 files in" in caught.value.found


def test_a_forced_restore_brings_back_what_was_dropped(saved, elsewhere):
    restore(saved, *elsewhere)
    database, lake, _ = elsewhere
    before = records(database)
    with database.connect() as connection:
        connection.execute("DROP TABLE credit.decisions CASCADE")
        connection.execute("TRUNCATE mlflow.experiments CASCADE")
    lake.write_bytes("features/client_features/v1.parquet", b"spoilt")
    restore(saved, *elsewhere, force=True)
    assert records(database) == before
    assert lake.read_bytes("features/client_features/v1.parquet") == b"features"


@pytest.mark.parametrize("spoil", ["change", "remove"])
def test_a_backup_that_is_not_whole_changes_nothing(saved, elsewhere, spoil):
    name = "lake/features/client_features/v1.parquet"
    saved.write_bytes(name, b"spoilt") if spoil == "change" else saved.remove(name)
    expected = f"1 of .* files of the backup at fault: {name} {'has changed' if spoil == 'change' else 'is missing'}"
    with pytest.raises(BackupError, match=expected):
        restore(saved, *elsewhere)
    assert elsewhere[1].files("") == []


def test_a_dump_that_breaks_off_leaves_the_tables_as_they_were(saved, elsewhere, tmp_path):
    restore(saved, *elsewhere)
    database = elsewhere[0]
    before = records(database)
    half = tmp_path / "half.dump"
    whole = saved.read_bytes(DUMP)
    half.write_bytes(whole[: len(whole) - 20_000])
    with pytest.raises(UnavailableError, match="nothing was changed"):
        postgres_programs.restore(database, half, ["DROP SCHEMA credit CASCADE"], [])
    assert records(database) == before


def test_tables_that_somebody_uses_are_not_replaced(saved, elsewhere, monkeypatch):
    monkeypatch.setattr("resources.restore.LOCK_TIMEOUT", "200ms")
    restore(saved, *elsewhere)
    with elsewhere[0].connect() as user:
        user.execute("SELECT count(*) FROM credit.decisions")
        with pytest.raises(UnavailableError, match="canceling statement due to lock timeout"):
            restore(saved, *elsewhere, force=True)


def test_a_folder_without_manifest_is_no_backup(saved, elsewhere):
    saved.remove(MANIFEST)
    with pytest.raises(BackupError, match="expected a whole backup, whose manifest is written last"):
        restore(saved, *elsewhere)


def test_a_backup_of_newer_code_is_refused_before_anything_changes(saved, elsewhere):
    manifest = json.loads(saved.read_bytes(MANIFEST))
    saved.write_bytes(MANIFEST, json.dumps(manifest | {"schema_revision": "9999"}).encode())
    with pytest.raises(BackupError, match="a backup of schema revision 9999"):
        restore(saved, *elsewhere)


def test_a_place_within_the_lake_is_refused(platform):
    with pytest.raises(BackupError, match="one within the other"):
        back_up(*platform, Lake(platform[1].path("backup")))


def test_passwords_are_not_on_a_command_line_nor_in_an_error(tmp_path):
    away = Database("postgresql://owner:hidden@127.0.0.1:1/credit")
    with pytest.raises(UnavailableError) as caught:
        postgres_programs.dump(away, ["credit"], "0", tmp_path / "dump")
    assert "hidden" not in str(caught.value)
    assert "Connection refused" in str(caught.value)


def test_an_object_store_takes_a_backup_and_gives_it_back(platform, elsewhere):
    # Not a folder: nothing is moved into place, and every file is fetched.
    target = Lake("memory://backups/2026-11-22")
    back_up(*platform, target)
    restore(target, *elsewhere)
    assert records(elsewhere[0]) == records(platform[0])


def test_a_lake_that_loses_a_file_meanwhile_ends_the_backup_without_a_manifest(platform, tmp_path, monkeypatch):
    _, lake, _ = platform
    dump = postgres_programs.dump
    lake.write_bytes("predictions/2026-11-01/old.parquet", b"of a day that is archived anew")

    def dump_meanwhile(*arguments):
        dump(*arguments)
        lake.remove("predictions/2026-11-01/old.parquet")

    monkeypatch.setattr(postgres_programs, "dump", dump_meanwhile)
    target = Lake(str(tmp_path / "backup"))
    with pytest.raises(
        BackupError, match=r"1 files that went from the lake during the backup, predictions/2026-11-01/old\.parquet"
    ):
        back_up(*platform, target)
    assert not target.exists(MANIFEST)


def test_a_manifest_of_another_form_is_refused():
    with pytest.raises(BackupError, match=r"manifest\.json that cannot be read"):
        BackupManifest.from_json(b"{}")


def test_the_commands_say_what_they_did(platform, empty_postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", platform[0].url)
    monkeypatch.setenv("CREDIT_LAKE", platform[1].root)
    monkeypatch.setenv("CREDIT_HOME", str(platform[2].parent))
    made = CliRunner().invoke(app, ["backup", str(tmp_path / "backup")])
    assert made.exit_code == 0, made.output
    assert f"{N} decisions in PostgreSQL" in made.stdout
    monkeypatch.setenv("DATABASE_URL", empty_postgres.url)
    monkeypatch.setenv("CREDIT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path / "home"))
    back = CliRunner().invoke(app, ["restore", str(tmp_path / "backup")])
    assert back.exit_code == 0, back.output
    assert "restored the state of" in back.stdout
    assert len(list(PredictionLog(empty_postgres).sample(N, seed=1))) == N
