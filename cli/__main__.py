"""`python -m cli` is `credit`."""

from cli.main import main

main()
