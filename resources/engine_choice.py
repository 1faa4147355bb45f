"""The engine that the settings name.

Here: the choice, and what it needs. Keep out: what engines do (`engine`).
"""

from resources.engine import Engine
from resources.lake import Lake
from resources.settings import Settings, prepare_home


def open_engine(settings: Settings, lake: Lake) -> Engine:
    """The configured engine, with its scratch space under CREDIT_HOME.

    Raises:
        SettingsError: CREDIT_HOME cannot be written, or what CREDIT_ENGINE needs is missing.
        UnavailableError: CREDIT_SPARK_REMOTE does not answer.
    """
    scratch = prepare_home(settings) / "scratch"
    # Imported here: whoever computes with one engine need not have the other installed.
    if settings.engine == "spark":
        from resources.engine_spark import SparkEngine

        return SparkEngine(lake, scratch, settings.spark_remote)
    from resources.engine_duckdb import DuckDBEngine

    return DuckDBEngine(lake, scratch)
