"""The reason catalogue in use: the platform's own, or the one that a setting names.

Here: reading the file. Keep out: what a catalogue is (`credit_risk.reasons`).
"""

from pathlib import Path

import credit_risk
from credit_risk.errors import SettingsError
from credit_risk.reasons import Catalogue
from resources.settings import Settings

# Part of the package, so that every installation has one.
PLATFORM_FILE = Path(str(credit_risk.__file__)).with_name("reasons.yaml")


def load_catalogue(settings: Settings) -> Catalogue:
    """The catalogue in use. Raises as `read_catalogue` does."""
    return read_catalogue(settings.reasons_file or PLATFORM_FILE)


def read_catalogue(file: Path) -> Catalogue:
    """The catalogue of a file.

    Raises:
        SettingsError: the file cannot be read, or is no catalogue; names every fault.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"a catalogue of reasons, {file}, that cannot be read ({error})",
            expected="a YAML file in UTF-8",
            remedy="correct its name or permissions; without CREDIT_REASONS the platform's own is used",
        ) from None
    return Catalogue.from_yaml(text)
