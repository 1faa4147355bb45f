"""Which versions of the features models were trained on, as the registry knows.

Here: asking every registered model. Keep out: what follows for a version (`feature_pruning`).
"""

from collections import defaultdict

from credit_risk.errors import ModelError
from resources.registry import Registry


def models_by_feature_version(registry: Registry) -> dict[str, list[str]]:
    """The models trained on each version of the client features, oldest first; aliases in brackets.

    Raises:
        ModelError: a registered model does not say what it was trained on; names every one.
        UnavailableError: the registry does not answer.
    """
    models: dict[str, list[str]] = defaultdict(list)
    silent: dict[str, str] = {}
    for row in registry.versions():
        label = f"{row['version']} ({', '.join(row['aliases'])})" if row["aliases"] else str(row["version"])
        try:
            models[registry.manifest(row["version"]).feature_version].append(label)
        except ModelError as error:
            silent[row["version"]] = error.found
    if silent:
        raise ModelError(
            f"{len(silent)} registered models that do not say which features they were trained on: "
            + "; ".join(silent.values()),
            expected="a readable manifest of every registered model",
            remedy="restore its files in the lake, or delete that version in MLflow",
            fields={"models": sorted(silent)},
        )
    return dict(models)
