"""Offenders: what is wrong with an application, as its sender is told.

Here: one fault, and all of them as one error. Keep out: what is a fault; the noun that is sent knows
(`feature_values`, `features.form`, the envelope of the service).
"""

from collections.abc import Sequence

from credit_risk.errors import ApplicationError

# A name is repeated to its sender, a body hidden in a name is not.
MAX_NAME_LENGTH = 80
# Enough to correct by hand; the whole list is in the fields.
MAX_NAMED = 20
# In place of what moves a terminal's cursor, or writes from right to left.
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

Offender = dict[str, str]


def offender(name: object, problem: str) -> Offender:
    """A fault, by the name that was sent: as much of it as may be repeated."""
    shown = "".join(letter if letter.isprintable() else UNPRINTABLE for letter in str(name)[:MAX_NAME_LENGTH])
    return {"feature": shown, "problem": problem}


def refusal(offenders: Sequence[Offender], *, what: str, expected: str, remedy: str) -> ApplicationError:
    """All faults as one error.

    Args:
        offenders: at least one.
        what: is at fault: one of them, to which an s makes the plural.
        expected: instead.
        remedy: the sender's next step.
    """
    named = "; ".join(f"{offender['feature']}: {offender['problem']}" for offender in offenders[:MAX_NAMED])
    more = f"; and {len(offenders) - MAX_NAMED} more" if len(offenders) > MAX_NAMED else ""
    return ApplicationError(
        f"{len(offenders)} {what}{'' if len(offenders) == 1 else 's'} at fault: {named}{more}",
        expected=expected,
        remedy=remedy,
        fields={"offenders": offenders},
    )
