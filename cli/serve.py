"""`credit serve`: the scoring service in this process."""


def serve() -> int:
    """Serve until Ctrl-C; the exit code."""
    from serving.server import main

    return main()
