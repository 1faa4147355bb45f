"""The file of reasons: YAML that people edit, and what may be wrong with it.

Here: the format of the catalogue (reasons.yaml explains it to its editors). Add a field when a
reason says more. Keep out: which reasons a decision has (`reasons`), and where the file is.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from credit_risk.errors import SettingsError

SENTENCES = ("against", "in_favour", "unknown")
FIELDS = ("code", *SENTENCES, "features")


@dataclass(frozen=True)
class Entry:
    """One reason of the catalogue.

    Attributes:
        code: what is stored with a decision.
        against: the sentence where it spoke for refusal.
        in_favour: the sentence where it spoke for approval.
        unknown: the sentence where the value that weighed most is not known.
        features: patterns of names; * stands for any characters.
    """

    code: str
    against: str
    in_favour: str
    unknown: str
    features: tuple[str, ...]

    def sentence(self, direction: str, *, known: bool) -> str:
        """What to say of it."""
        if not known:
            return self.unknown
        return self.against if direction == "refusal" else self.in_favour


def read_entries(text: str) -> list[Entry]:
    """The entries of a catalogue, from the top down.

    Raises:
        SettingsError: not YAML, or not a list of reasons; names every fault.
    """
    import yaml  # type: ignore[import-untyped]  # PyYAML publishes no types

    try:
        faults = list(_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader)))
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _refused([f"not YAML ({' '.join(str(error).split())})"]) from None
    records = document.get("reasons") if isinstance(document, dict) else None
    if not isinstance(records, list) or not records:
        raise _refused([*faults, "no list under the name reasons"])
    for number, record in enumerate(records, start=1):
        faults += [f"{_title(record, number)}: {fault}" for fault in _faults(record)]
    codes = Counter(str(record.get("code")) for record in records if isinstance(record, dict))
    faults += [f"{code}: {n} reasons with this code" for code, n in codes.items() if n > 1]
    if faults:
        raise _refused(faults)
    return [Entry(**{**record, "features": tuple(record["features"])}) for record in records]


def _faults(record: object) -> list[str]:
    if not isinstance(record, dict):
        return ["not a reason with the fields " + ", ".join(FIELDS)]
    faults = [f"unknown field {name!r}" for name in record if name not in FIELDS]
    faults += [f"{name} is empty" for name in ("code", *SENTENCES) if not _is_text(record.get(name))]
    features = record.get("features")
    if not isinstance(features, list) or not features or not all(map(_is_text, features)):
        faults.append("features is not a list of names and patterns")
    return faults


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _title(record: object, number: int) -> str:
    code = record.get("code") if isinstance(record, dict) else None
    return str(code) if code else f"reason number {number}"


def _repeated_keys(node: Any) -> list[str]:  # noqa: ANN401 - PyYAML publishes no types
    """Keys that stand twice in one place: YAML would keep the second and drop the first without a word."""
    if node is None or not isinstance(node.value, list):
        return []
    pairs = [child for child in node.value if isinstance(child, tuple)]
    counts = Counter(key.value for key, _ in pairs if isinstance(key.value, str))
    line = node.start_mark.line + 1
    repeated = [f"{name} stands {n} times in what begins at line {line}" for name, n in counts.items() if n > 1]
    children = [value for _, value in pairs] or [child for child in node.value if not isinstance(child, tuple)]
    return repeated + [fault for child in children for fault in _repeated_keys(child)]


def _refused(faults: list[str]) -> SettingsError:
    return SettingsError(
        f"a catalogue of reasons with {len(faults)} faults: {'; '.join(faults)}",
        expected=f"a list of reasons, each with {', '.join(FIELDS)}, each code once",
        remedy="correct the file",
        fields={"faults": faults},
    )
