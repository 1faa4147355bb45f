"""`python compute_features.py LAKE FOLDER [TABLE ...]`: feature tables by the engine that the settings name.

For tests of that engine in a process of its own. FOLDER is where in the lake they go; no TABLE means all, and
`client_features` after them.
"""

import sys

from credit_risk.features.client import FEATURE_TABLES, across_sources
from credit_risk.features.rendering import CLIENT
from resources.engine import Engine
from resources.engine_choice import open_engine
from resources.feature_store import CLIENT_FEATURES
from resources.lake import Lake
from resources.settings import load_settings

ALL = (*(table.name for table in FEATURE_TABLES), CLIENT_FEATURES)


def compute(engine: Engine, folder: str, names: tuple[str, ...] = ALL) -> None:
    """As the assets do it."""
    for table in FEATURE_TABLES:
        if table.name in names:
            sources = {name: engine.table(f"raw/{name}.parquet") for name in table.inputs}
            engine.write(f"{folder}/{table.name}.parquet", table.compute(sources).order_by(CLIENT))
    if CLIENT_FEATURES in names:
        files = [f"{folder}/{table.name}.parquet" for table in FEATURE_TABLES]
        engine.join(f"{folder}/{CLIENT_FEATURES}.parquet", files, CLIENT, across_sources)


if __name__ == "__main__":
    address, folder, *names = sys.argv[1:]
    compute(open_engine(load_settings(), Lake(address)), folder, tuple(names) or ALL)
