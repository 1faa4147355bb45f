"""`python materialize_features.py`: raw and feature assets of the graph on the settings of its environment.

In a process of its own, because pyspark leaves sockets to the garbage collector. Prints the verdicts of the checks
as JSON.
"""

import dagster as dg
import orjson

from credit_assets import features, raw, raw_checks
from resources.dagster_resources import PlatformResource

if __name__ == "__main__":
    assets = [*raw.assets, *raw_checks.checks, *features.assets]
    run = dg.materialize(assets, resources={"platform": PlatformResource()})
    verdicts = {
        f"{check.asset_key.to_user_string()}:{check.check_name}": check.passed
        for check in run.get_asset_check_evaluations()
    }
    print(orjson.dumps(verdicts).decode())  # what the test reads
