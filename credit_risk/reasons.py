"""Reasons: what an applicant is told about a decision, in sentences that a compliance officer wrote.

Here: the catalogue that puts every scored feature under one reason, and the principal reasons of a
decision from its contributions. Add to it when a law asks for another figure of a reason. Keep
out: the catalogue itself (reasons.yaml, or the file of a setting) and how contributions come about.

Features that say one thing are one reason: their contributions are added before reasons are
compared. Protected features are no reasons.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from credit_risk.errors import SettingsError
from credit_risk.feature_set import PROTECTED_FEATURES
from credit_risk.reason_file import Entry, read_entries

Direction = Literal["refusal", "approval"]

# A contribution to this many decimals is the same on every machine, which its last bits are not:
# processors differ in how they sum. A billionth of log-odds moves no probability that anyone reads.
DECIMALS = 9
# Models whose features are sorted into reasons and kept: a live one, the one before, and those of a replay.
KEPT_MODELS = 16


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision.

    Attributes:
        code: of the catalogue.
        reason: the sentence for the applicant.
        feature: the one that contributed most to it.
        value: of that feature, as it was sent; None: not known.
        direction: what it spoke for.
        contribution: log-odds of all its features; above 0 speaks for refusal.
    """

    code: str
    reason: str
    feature: str
    value: object
    direction: Direction
    contribution: float

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        # Five times as fast as `asdict`, which copies what may not be copied.
        return {name: getattr(self, name) for name in self.__slots__}


class Catalogue:
    """The reasons that there are; the first one with a pattern that fits takes a feature.

    Args:
        entries: from the top of the catalogue down.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._patterns = [re.compile("|".join(map(translate, entry.features))) for entry in self.entries]
        self._sorted = lru_cache(KEPT_MODELS)(self._sort)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The catalogue of a YAML text.

        Raises:
            SettingsError: not a catalogue, or it makes a reason of a protected feature; names every fault.
        """
        catalogue = cls(read_entries(text))
        explained = {name: catalogue.code_of(name) for name in PROTECTED_FEATURES}
        faults = [f"{name} fits a pattern of {code}" for name, code in explained.items() if code]
        if faults:
            raise SettingsError(
                f"a catalogue with reasons that nobody may be given: {'; '.join(faults)}",
                expected="no pattern that fits a protected feature",
                remedy="narrow these patterns",
                fields={"faults": faults},
            )
        return catalogue

    def code_of(self, feature: str) -> str | None:
        """The code of the reason that a feature belongs to, or None."""
        position = self._position_of(feature)
        return None if position is None else self.entries[position].code

    def check(self, scored_names: Iterable[str]) -> None:
        """See that every scored feature of a model belongs to a reason.

        Raises:
            SettingsError: names every feature without one.
        """
        self._sorted(tuple(scored_names))

    def reasons(
        self,
        contributions: npt.NDArray[np.float64],
        features: Mapping[str, object],
        scored_names: Sequence[str],
        *,
        limit: int,
        direction: Direction = "refusal",
    ) -> tuple[Reason, ...]:
        """The principal reasons of a decision, the weightiest first; equals in the catalogue's order.

        Args:
            contributions: (n_scored,) log-odds, from `Scorer.contributions`.
            features: the application as it was sent.
            scored_names: (n_scored,) `Scorer.scored_names`.
            limit: how many at most; fewer where fewer spoke for this direction. Where none did (a
                threshold below the average risk refuses applicants who are better than average), the
                one that spoke least against it, so that no decision is without a reason.
            direction: "refusal" gives what spoke against the applicant, "approval" what spoke in favour.

        Raises:
            SettingsError: features without a reason.
        """
        reason_of = self._sorted(tuple(scored_names))
        sign = 1.0 if direction == "refusal" else -1.0
        weights = np.round(sign * contributions, DECIMALS)
        # The last one is of protected features that a setting admits.
        totals: npt.NDArray[np.float64] = np.round(
            np.bincount(reason_of, weights, len(self.entries) + 1)[:-1], DECIMALS
        )
        reasons = []
        for i in _chosen(totals, limit):
            members = np.flatnonzero(reason_of == i)
            name = scored_names[members[weights[members].argmax()]]
            value = features.get(name)
            sentence = self.entries[i].sentence(direction, known=value is not None)
            reasons.append(Reason(self.entries[i].code, sentence, name, value, direction, sign * float(totals[i])))
        return tuple(reasons)

    def _sort(self, scored_names: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """(n_scored,) position of each feature's reason; behind the last for a protected one."""
        protected = {name: len(self.entries) for name in PROTECTED_FEATURES}
        found = {name: protected.get(name, self._position_of(name)) for name in scored_names}
        missing = [name for name, position in found.items() if position is None]
        if missing:
            raise SettingsError(
                f"a catalogue of reasons without {len(missing)} of the model's {len(found)} features: "
                + ", ".join(missing),
                expected="a reason for every feature that is scored",
                remedy="add them to the features of a reason",
                fields={"features": missing},
            )
        return np.array(list(found.values()), dtype=np.int64)

    def _position_of(self, feature: str) -> int | None:
        return next((i for i, pattern in enumerate(self._patterns) if pattern.match(feature)), None)


def _chosen(totals: npt.NDArray[np.float64], limit: int) -> list[int]:
    order = np.argsort(-totals, kind="stable").tolist()
    least_against = [i for i in order if totals[i] < 0][: min(limit, 1)]
    return [i for i in order if totals[i] > 0][:limit] or least_against
