"""Every setting of the platform, read once from the environment or a `.env` file.

Add a setting when an operator must choose; give it a default that works on a laptop, or
none if it is a secret. Any setting NAME may be given as NAME_FILE, the path of a file that holds
it (`settings_files`): secrets of containers. What the policies of monitoring and retraining may be told
is apart (`settings_policies`). Keep out: anything that a caller could pass as an argument.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from credit_risk.errors import SettingsError
from resources.settings_files import ValuesInFiles
from resources.settings_policies import PolicySettings

REPOSITORY = Path(__file__).resolve().parent.parent

# The one setting that a file of settings cannot hold: where it is. Empty: nowhere.
ENV_FILE = "CREDIT_ENV_FILE"


def _from_repository(path: Path) -> Path:
    # The platform's processes start in different folders and must mean the same one.
    return REPOSITORY / path.expanduser()


def _lake_from_repository(address: str | None) -> str | None:
    return address if address is None or "://" in address else str(_from_repository(Path(address)))


def _file_from_repository(path: Path | None) -> Path | None:
    if path is None:
        return None
    file = _from_repository(path)
    if not file.is_file():
        # Said at the start, not with the first refusal.
        raise ValueError(f"{file} is no file")
    return file


Folder = Annotated[Path, AfterValidator(_from_repository)]
OptionalFile = Annotated[Path | None, AfterValidator(_file_from_repository)]
LakeAddress = Annotated[str | None, AfterValidator(_lake_from_repository)]


def _half_of_the_cores() -> int:
    # A step's engine uses two cores well; on two, steps one after another keep both busy.
    return max(1, (os.cpu_count() or 1) // 2)


class Settings(PolicySettings):
    """The platform's settings; unset means the embedded default. Relative folders begin at the repository."""

    model_config = SettingsConfigDict(env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: str | None = Field(None, validation_alias="DATABASE_URL", description="any PostgreSQL 14 or newer")
    service_database_url: str | None = Field(
        None,
        validation_alias="CREDIT_SERVICE_DATABASE_URL",
        description="the same database as a member of credit_service (SET ROLE on the owner's connection)",
    )
    reader_database_url: str | None = Field(
        None,
        validation_alias="CREDIT_READER_DATABASE_URL",
        description="the same database as a member of credit_reader (SET ROLE on the owner's connection)",
    )
    home: Folder = Field(REPOSITORY / ".credit", validation_alias="CREDIT_HOME", description="state of this machine")
    raw_dir: Folder = Field(
        REPOSITORY / "data" / "raw", validation_alias="CREDIT_RAW_DIR", description="the eight CSV files"
    )
    lake_uri: LakeAddress = Field(
        None, validation_alias="CREDIT_LAKE", description="folder, s3:// or gs:// (CREDIT_HOME/lake)"
    )
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", validation_alias="CREDIT_ENGINE", description="engine of the features"
    )
    spark_remote: str | None = Field(
        None, validation_alias="CREDIT_SPARK_REMOTE", description="Spark Connect address (a Spark on this machine)"
    )
    parallel_steps: int = Field(
        default_factory=_half_of_the_cores,
        validation_alias="CREDIT_PARALLEL_STEPS",
        ge=1,
        description="steps of one run side by side (half of the cores)",
    )

    api_host: str = Field("127.0.0.1", validation_alias="CREDIT_API_HOST", description="address the service binds")
    api_port: int = Field(8000, validation_alias="CREDIT_API_PORT", ge=1, le=65535, description="port of the service")
    api_workers: int = Field(
        1,
        validation_alias="CREDIT_API_WORKERS",
        ge=1,
        # Each loads a model of its own and keeps connections: more than this is a wrong digit.
        le=256,
        description="processes of the service that share its port",
    )
    record_deadline_ms: int = Field(
        150,
        validation_alias="CREDIT_RECORD_DEADLINE_MS",
        # A commit takes milliseconds: below this healthy writes would go to the journal.
        ge=10,
        # Clients and proxies give up after a minute.
        le=60_000,
        description="milliseconds that PostgreSQL may take before a decision goes to the journal instead",
    )
    journal_max_mb: int = Field(
        1024,
        validation_alias="CREDIT_JOURNAL_MAX_MB",
        ge=1,
        description="size of the journal at which decisions are refused with 503",
    )
    reasons_file: OptionalFile = Field(
        None, validation_alias="CREDIT_REASONS", description="reason catalogue in YAML (the one of the platform)"
    )
    reasons_limit: int = Field(
        4,
        validation_alias="CREDIT_REASONS_LIMIT",
        ge=0,
        # More than this explains nothing to anybody.
        le=20,
        description="principal reasons of a refusal at most; 0 is off",
    )
    dagster_port: int = Field(
        3000, validation_alias="CREDIT_DAGSTER_PORT", ge=1, le=65535, description="port of the Dagster UI"
    )
    dagster_api_url: str | None = Field(
        None,
        validation_alias="CREDIT_DAGSTER_API_URL",
        pattern="^https?://[^/]",
        description="where commands find Dagster's webserver (127.0.0.1 and its port)",
    )
    mlflow_port: int = Field(
        5000, validation_alias="CREDIT_MLFLOW_PORT", ge=1, le=65535, description="port of the MLflow UI"
    )
    dashboard_host: str = Field(
        "127.0.0.1", validation_alias="CREDIT_DASHBOARD_HOST", description="address the dashboard binds"
    )
    dashboard_port: int = Field(
        8501, validation_alias="CREDIT_DASHBOARD_PORT", ge=1, le=65535, description="port of the dashboard"
    )
    dashboard_guarded: bool = Field(
        default=False,
        validation_alias="CREDIT_DASHBOARD_GUARDED",
        description="the dashboard may bind another address without a sign-in of its own: something in front of it "
        "keeps strangers out",
    )
    api_url: str | None = Field(
        None,
        validation_alias="CREDIT_API_URL",
        description="where the dashboard finds the service (CREDIT_API_HOST and CREDIT_API_PORT)",
    )
    api_key: SecretStr | None = Field(
        None,
        validation_alias="CREDIT_API_KEY",
        description="the dashboard's key to the service, with the roles score and observe",
    )

    alertmanager_url: str | None = Field(
        None,
        validation_alias="CREDIT_ALERTMANAGER_URL",
        pattern="^https?://[^/]",
        description="address of the Alertmanager that failed runs and refused models are posted to (the log alone)",
    )
    dagster_url: str | None = Field(
        None,
        validation_alias="CREDIT_DAGSTER_URL",
        pattern="^https?://[^/]",
        description="address of the Dagster UI as people open it, for links in alerts (127.0.0.1 and its port)",
    )
    docs_url: str | None = Field(
        None,
        validation_alias="CREDIT_DOCS_URL",
        pattern="^https?://[^/]",
        description="where this repository can be read, for links to runbooks (paths in the repository)",
    )
    database_max_gb: float | None = Field(
        None,
        validation_alias="CREDIT_DATABASE_MAX_GB",
        gt=0,
        allow_inf_nan=False,
        description="gigabytes (10^9 bytes) that the database may take; alerts at 80 and 95 % (no alert)",
    )
    score_protected: bool = Field(
        default=False,
        validation_alias="CREDIT_SCORE_PROTECTED",
        description="score protected columns, where that is lawful",
    )

    @property
    def service_url(self) -> str:
        """Where the scoring service is found."""
        # An address that binds every interface is none to call.
        host = "127.0.0.1" if self.api_host in {"0.0.0.0", "::"} else self.api_host  # noqa: S104  # compared, not bound
        return self.api_url or f"http://{host}:{self.api_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What goes before what: arguments, the environment, the file of settings; a value before its _FILE."""
        del file_secret_settings
        return (
            init_settings,
            env_settings,
            ValuesInFiles(settings_cls, env_settings),
            dotenv_settings,
            ValuesInFiles(settings_cls, dotenv_settings),
        )

    @property
    def lake_root(self) -> str:
        """Where Parquet files and reports live: a folder or an object-store address."""
        return self.lake_uri or str(self.home / "lake")

    @property
    def dagster_home(self) -> Path:
        """Dagster's folder on this machine."""
        return self.home / "dagster"

    @property
    def postgres_dir(self) -> Path:
        """Data folder of the embedded PostgreSQL."""
        return self.home / "postgres"

    @property
    def journal_dir(self) -> Path:
        """Where decisions wait while PostgreSQL is away."""
        return self.home / "journal"


def load_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; `overrides` by name go before the environment, the environment before `.env`.

    Raises:
        SettingsError: names every setting at fault, and what it takes.
    """
    given = dict(overrides or {})
    unknown = sorted(given.keys() - {str(field.validation_alias) for field in Settings.model_fields.values()})
    if unknown:
        raise _wrong([f"{name} (no such setting)" for name in unknown])
    file = _env_file()
    try:
        return Settings(_env_file=file, **given)  # type: ignore[arg-type]  # validated by pydantic
    except ValidationError as error:
        faults: dict[str, list[str]] = defaultdict(list)
        for fault in error.errors():
            faults[f"{fault['loc'][0]}={fault['input']!r}"].append(fault["msg"])
        raise _wrong([f"{setting} ({' or '.join(problems)})" for setting, problems in faults.items()]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, str(error)) from None


def prepare_home(settings: Settings) -> Path:
    """Make the home folder.

    Raises:
        SettingsError: the folder cannot be made or written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=settings.home):
            pass
    except OSError as error:
        raise SettingsError(
            f"CREDIT_HOME={settings.home}, which cannot be written ({error.strerror})",
            expected="a folder that this user may write",
            remedy="set CREDIT_HOME to another folder, or correct its permissions",
        ) from None
    return settings.home


def _env_file() -> Path | None:
    named = os.environ.get(ENV_FILE)
    if named is None:
        return REPOSITORY / ".env"
    if not named:
        return None
    file = _from_repository(Path(named))
    if not file.is_file():
        raise _unreadable(file, "no such file")
    return file


def _wrong(faults: list[str]) -> SettingsError:
    return SettingsError(
        "wrong settings: " + "; ".join(faults),
        expected="values as in the table of settings in README.md",
        remedy="correct them in the environment or in .env",
    )


def _unreadable(file: Path | None, problem: str) -> SettingsError:
    return SettingsError(
        f"a file of settings, {file}, that cannot be read ({problem})",
        expected="NAME=value lines in UTF-8",
        remedy=f"correct it, or set {ENV_FILE} to another file, or to nothing for none",
    )
