"""Findings: violations of a contract, each with what follows from it.

Here: the shape that all contracts share, and the words for a change that may be real. Keep out: the rules
(`missing`, `levels`, and the contracts of features), and how a finding is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

from credit_risk.errors import CreditError
from credit_risk.tables.violations import Violation, counted

Refusal = TypeVar("Refusal", bound=CreditError)

# A statistical rule cannot tell a broken extract from a world that changed: a person can.
IF_REAL = "fetch the file again; when the change is real, run once with the tag credit/accept_changes, which says why"
LOOK = "find out whether it is so where the file comes from; nothing is stopped"

# One decimal of a percentage says nothing below it.
SMALL_SHARE = 0.01

# More would fill a page of the UI; the first already say what happened.
MOST_LISTED = 20


@dataclass(frozen=True)
class Finding(Violation):
    """A violation, and whether a wrong model would follow from it.

    Attributes:
        blocking: True: nothing may be computed from this table; False: a person should look.
    """

    blocking: bool


def blocked(violation: Violation) -> Finding:
    """A violation from which a wrong model would follow."""
    return Finding(**{field.name: getattr(violation, field.name) for field in fields(Violation)}, blocking=True)


def advice(*, blocking: bool) -> str:
    """What to do about a change that may be real."""
    return IF_REAL if blocking else LOOK


def any_blocking(findings: Iterable[Finding]) -> bool:
    """Whether one of them stops what is downstream."""
    return any(finding.blocking for finding in findings)


def refusal(kind: type[Refusal], what: str, findings: Sequence[Finding]) -> Refusal:
    """The error of what is refused: every finding that blocks, and what to do about the first."""
    blocking = [finding for finding in findings if finding.blocking]
    listed = "; ".join(f"({i}) {finding.found}" for i, finding in enumerate(blocking[:MOST_LISTED], start=1))
    more = f"; and {len(blocking) - MOST_LISTED} more" if len(blocking) > MOST_LISTED else ""
    return kind(
        f"{counted(len(blocking), 'finding')} in {what}: {listed}{more}",
        expected=blocking[0].expected if len(blocking) == 1 else "none; the last accepted version stays as it is",
        remedy=blocking[0].remedy,
        fields={"violations": [asdict(finding) for finding in findings]},
    )


def percent(share: float) -> str:
    """`12.5 %`; small shares keep two digits that say something."""
    return f"{100 * share:.2g} %" if 0 < share < SMALL_SHARE else f"{100 * share:.1f} %"
