"""The manifest: everything about a model that its booster text does not say.

Here: the record that travels with a booster through registry, service and reports, and its
JSON. Add a field when a reader needs it to score, to explain or to audit. Keep out: the
booster itself, and figures of production (performance reports).
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from credit_risk.calibration import Calibration
from credit_risk.errors import ModelError
from credit_risk.feature_set import FeatureSet

# Moves when a field changes its meaning: an older reader then refuses instead of misreading.
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a model takes, how it decides, what it was made of, and how good it was.

    Attributes:
        feature_set: names, kinds and levels, in the order of the booster's columns.
        threshold: probability of default from which an application is refused.
        calibration: from raw score to probability.
        booster_sha256: of the booster text, so that no other booster is scored with this.
        feature_version: version of the feature definitions.
        raw_sha256: digest of each raw table by name.
        code_version: version of the code that trained.
        monitored_features: fixed for drift reports, most important first.
        importances: gain by scored feature, most important first.
        metrics: out-of-fold figures by name (auc, business_cost, ... with _low and _high).
        trained_at: ISO 8601, UTC.
        mlflow_run_id: the run that holds pictures and artifacts.
        cause: what asked for the training.
        n_train: labelled applications it was trained on.
        parameters: of the training.
        cost_fn: cost of a missed default, in units of a good applicant refused.
        cost_fp: cost of a good applicant refused.
    """

    feature_set: FeatureSet
    threshold: float
    calibration: Calibration
    booster_sha256: str
    feature_version: str
    raw_sha256: dict[str, str]
    code_version: str
    monitored_features: tuple[str, ...]
    importances: dict[str, float]
    metrics: dict[str, float]
    trained_at: str
    mlflow_run_id: str
    cause: str
    n_train: int
    parameters: dict[str, Any]
    cost_fn: int = 10
    cost_fp: int = 1

    def to_json(self) -> str:
        """As JSON text; `from_json` gives back an equal manifest."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["feature_set"] = self.feature_set.to_dict()
        values["calibration"] = dataclasses.asdict(self.calibration)
        return json.dumps({"format": FORMAT, **values}, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The manifest of a JSON text.

        Raises:
            ModelError: not JSON, of another format, or incomplete; names every field at fault.
        """
        values = _parse(text)
        faulty = [name for name in _KINDS if not isinstance(values.get(name), _KINDS[name])]
        if values.get("format") != FORMAT or faulty:
            raise ModelError(
                f"a manifest of format {values.get('format')!r}, with {len(faulty)} fields missing or of a "
                f"wrong type: {', '.join(faulty) or 'none'}",
                expected=f"format {FORMAT} with all {len(_KINDS)} fields",
                remedy="register the model again with this version of the code",
                fields={"faulty": faulty},
            )
        try:
            parsed: dict[str, Any] = {
                "feature_set": FeatureSet.from_dict(values["feature_set"]),
                "calibration": Calibration(**{k: float(v) for k, v in values["calibration"].items()}),
                "monitored_features": tuple(values["monitored_features"]),
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"a manifest whose feature set or calibration cannot be read ({error})",
                expected=f"what `Manifest.to_json` of format {FORMAT} writes",
                remedy="register the model again with this version of the code",
            ) from error
        return cls(**{name: parsed.get(name, values[name]) for name in _KINDS})


_NUMBER = (int, float)
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "feature_set": dict,
    "threshold": _NUMBER,
    "calibration": dict,
    "booster_sha256": str,
    "feature_version": str,
    "raw_sha256": dict,
    "code_version": str,
    "monitored_features": list,
    "importances": dict,
    "metrics": dict,
    "trained_at": str,
    "mlflow_run_id": str,
    "cause": str,
    "n_train": int,
    "parameters": dict,
    "cost_fn": int,
    "cost_fp": int,
}


def _parse(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"a manifest that is not JSON ({error.msg} at line {error.lineno})",
            expected="what `Manifest.to_json` writes",
            remedy="fetch the model from the registry again",
        ) from error
    return values if isinstance(values, dict) else {}
