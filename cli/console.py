"""What the commands print with. One console for people, one for errors."""

import os
import sys
from typing import TextIO

from rich.console import Console

# A file or a pipe has no width: wide enough that an identifier is never folded where somebody would search for it.
WITHOUT_TERMINAL = 200


def _width(stream: TextIO) -> int | None:
    return None if stream.isatty() or "COLUMNS" in os.environ else WITHOUT_TERMINAL


console = Console(highlight=False, width=_width(sys.stdout))
errors = Console(stderr=True, highlight=False, width=_width(sys.stderr))
