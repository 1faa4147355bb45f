"""Prints the values that say which images a release runs: ours, and once more those of Dagster's chart.

That chart cannot read our `image`, and Helm replaces lists as a whole: the code location's entry must be repeated
with all that it has. So it is made from values.yaml.

    python deploy/helm/images.py registry.example.com/risk 1.4.0 > images.yaml
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML publishes no types

VALUES = Path(__file__).resolve().parent / "credit" / "values.yaml"
CODE = "dagster-user-deployments"


def image_values(registry: str, tag: str, values: dict[str, Any]) -> dict[str, Any]:
    """The part of the values that names images.

    Args:
        registry: and folder before the names of the images; empty for none.
        tag: of all of them.
        values: of the chart.
    """
    name = f"{registry}/credit-dagster" if registry else "credit-dagster"
    image = {"repository": name, "tag": tag, "pullPolicy": values["image"]["pullPolicy"]}
    deployments = [{**one, "image": image} for one in values["dagster"][CODE]["deployments"]]
    return {
        "image": {"registry": registry, "tag": tag},
        "dagster": {
            "dagsterWebserver": {"image": image},
            "dagsterDaemon": {"image": image},
            CODE: {"deployments": deployments},
        },
    }


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004  # its own name and two
        sys.exit(__doc__)
    found = image_values(sys.argv[1], sys.argv[2], yaml.safe_load(VALUES.read_text()))
    # JSON is YAML in which no tag of a commit (12345e7) is a number.
    print(json.dumps(found, indent=2))
