"""Before the service starts: loopback only, a free port, one clear line otherwise."""

import socket

import pytest

from credit_risk.errors import SettingsError
from resources.settings import Settings
from serving import server

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - what must be refused


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_loopback_addresses_are_allowed(host):
    server.require_loopback(settings(CREDIT_API_HOST=host))


@pytest.mark.parametrize("host", [ANY_ADDRESS, "::", "10.0.0.1", "scoring.example"])
def test_without_keys_other_addresses_are_refused(host):
    with pytest.raises(SettingsError, match="and no API keys; expected a loopback address"):
        server.require_loopback(settings(CREDIT_API_HOST=host))


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"found port {port} of 127\.0\.0\.1 in use"):
            server.listen(settings(CREDIT_API_PORT=port))


def test_an_address_of_another_machine_is_named():
    with pytest.raises(SettingsError, match="cannot be had"):
        server.listen(settings(CREDIT_API_HOST="192.0.2.1"))


def test_what_keeps_it_from_starting_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("CREDIT_API_HOST", ANY_ADDRESS)
    assert server.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: found CREDIT_API_HOST={ANY_ADDRESS}")
