"""`credit reasons`: try a catalogue of reasons before it is put in use.

Here: the check that its editor runs. Keep out: what makes a catalogue good (`credit_risk.reasons`).
"""

from collections import Counter
from pathlib import Path

from rich.table import Table

from cli.console import console
from credit_risk.feature_set import PROTECTED_FEATURES
from credit_risk.features.client import FEATURES
from credit_risk.reasons import Catalogue
from resources.reason_catalogue import load_catalogue, read_catalogue
from resources.settings import load_settings


def check(file: Path | None) -> None:
    """Print how the platform's features fall to the reasons of a file, or of the catalogue in use.

    Raises:
        SettingsError: no catalogue, or one that leaves features out; names every fault.
    """
    catalogue = read_catalogue(file) if file else load_catalogue(load_settings())
    names = [term.name for term in FEATURES if term.name not in PROTECTED_FEATURES]
    catalogue.check(names)
    console.print(reason_table(catalogue, names))
    console.print(f"{len(names)} features, each with a reason")


def reason_table(catalogue: Catalogue, names: list[str]) -> Table:
    """The reasons in the order of the catalogue, with the number of features that fall to each."""
    counts = Counter(catalogue.code_of(name) for name in names)
    table = Table(title="Reasons")
    table.add_column("code")
    table.add_column("features", justify="right")
    table.add_column("against the applicant")
    for entry in catalogue.entries:
        table.add_row(entry.code, str(counts[entry.code]), entry.against)
    return table
