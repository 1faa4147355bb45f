#!/usr/bin/env python3
"""Makes the secrets of one machine, by chance, in deploy/secrets/. What is there is never overwritten.

Here: which secrets there are and what form they have. Needs Python alone. Keep out: secrets that others give out
(mail, Slack): their files are made empty, and whoever wants them fills them in.
"""

import argparse
import secrets
import stat
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"

# The folder keeps other users of this machine out; the files must be readable inside containers, whose users have
# other numbers than whoever runs this.
FOLDER_MODE = stat.S_IRWXU
FILE_MODE = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH

# Hexadecimal, so that addresses need no encoding. 32 bytes: nobody guesses, and nobody types.
PASSWORD_BYTES = 32

HOST = "database:5432"


def password() -> str:
    """A new password."""
    return secrets.token_hex(PASSWORD_BYTES)


def api_key() -> str:
    """A new API key in the form of `resources.api_keys`."""
    return f"ck_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def main(folder: Path, host: str) -> int:
    """Make what is missing; the exit code."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)

    def keep(name: str, make: Callable[[], str]) -> str:
        file = folder / name
        if not file.exists():
            # Exclusively: of two runs at once, one writes and the other ends with an error.
            with file.open("x") as new:
                new.write(make())
            file.chmod(FILE_MODE)
            print(f"made {name}")
        return file.read_text().strip()

    # On this machine nobody listens in between, and the container has no certificate.
    encryption = "sslmode=disable" if host == HOST else "sslmode=require"

    def address(user: str, secret: str, scheme: str = "postgresql", more: str = "") -> Callable[[], str]:
        return lambda: f"{scheme}://{user}:{secret}@{host}/credit?{encryption}{more}"

    owner, service, reader = (keep(f"{name}_password", password) for name in ("database", "service", "reader"))
    keep("database_url", address("credit", owner))
    keep("service_database_url", address("credit_scoring", service))
    keep("reader_database_url", address("credit_dashboard", reader))
    # MLflow names its driver, and its tables are in a schema of their own.
    keep("mlflow_database_url", address("credit", owner, "postgresql+psycopg2", "&options=-csearch_path%3Dmlflow"))
    for name in ("observe", "admin", "score"):
        keep(f"api_key_{name}", api_key)
    keep("grafana_admin_password", password)
    given = [name for name in ("smtp_password", "slack_webhook_url") if not keep(name, str)]
    if given:
        print(f"empty, because others give them out: {', '.join(given)}. Alerts go nowhere until they are filled in.")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--host", default=HOST, help="host:port of PostgreSQL in the addresses")
    arguments = parser.parse_args()
    sys.exit(main(arguments.folder, arguments.host))
