"""The errors of the platform, one small tree.

    CreditError                 found / expected / do this
    |- RawTableError            a CSV file or table is not what its schema says
    |- PortfolioError           the labelled applications cannot train or judge a model
    |- ApplicationError         what was sent for scoring is not an application (names every offender)
    |- ModelError               a stored model is missing, incomplete or of another format
    |- DriftError               two samples cannot be compared
    |- SettingsError            a setting is missing or wrong
    `- UnavailableError         a service that is needed does not answer

Add one when a caller must tell it apart from the others. Keep out: messages with variable
parts that a log search would want as fields; those go to `fields`.
"""

from collections.abc import Mapping


class CreditError(Exception):
    """What was found, what was expected, and what to do about it.

    Args:
        found: the state that was met, with its numbers.
        expected: what should have been there.
        remedy: the next step for the person who reads this.
        fields: variable parts for structured logs and Dagster metadata.
    """

    def __init__(self, found: str, *, expected: str, remedy: str, fields: Mapping[str, object] | None = None) -> None:
        super().__init__(f"found {found}; expected {expected}; {remedy}")
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.fields = dict(fields or {})


class RawTableError(CreditError):
    """A CSV file or raw table is not what its schema says."""


class PortfolioError(CreditError):
    """The labelled applications cannot train or judge a model."""


class ApplicationError(CreditError):
    """What was sent for scoring is not an application; `fields["offenders"]` names every feature at fault."""


class ModelError(CreditError):
    """A stored model is missing, incomplete, or of another format."""


class DriftError(CreditError):
    """Two samples cannot be compared."""


class SettingsError(CreditError):
    """A setting is missing or wrong."""


class UnavailableError(CreditError):
    """A service that is needed does not answer."""
