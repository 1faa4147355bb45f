"""What the commands print with. One console for people, one for errors."""

from rich.console import Console

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
