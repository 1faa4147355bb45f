"""Before the service starts: loopback only, a free port, one clear line otherwise."""

import socket

import pytest

from credit_risk.errors import SettingsError
from resources.settings import Settings
from serving import server

ANY_ADDRESS = "0.0.0.0"


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_without_keys_this_machine_may_ask(host):
    assert server.how_it_is_closed(settings(CREDIT_API_HOST=host), 0).startswith("loopback only")


@pytest.mark.parametrize("host", [ANY_ADDRESS, "::", "10.0.0.1", "scoring.example"])
def test_without_keys_other_addresses_are_refused(host):
    with pytest.raises(SettingsError, match=r"and no API keys; expected an API key, or a loopback address"):
        server.how_it_is_closed(settings(CREDIT_API_HOST=host), 0)


def test_with_keys_any_address_will_do():
    assert server.how_it_is_closed(settings(CREDIT_API_HOST=ANY_ADDRESS), 2) == "2 API keys on record"


def test_keys_that_cannot_be_read_yet_keep_the_service_closed():
    assert server.how_it_is_closed(settings(CREDIT_API_HOST=ANY_ADDRESS), None).startswith("closed until")


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"found port {port} of 127\.0\.0\.1 in use"):
            server.listen(settings(CREDIT_API_PORT=port))


def test_an_address_of_another_machine_is_named():
    with pytest.raises(SettingsError, match="cannot be had"):
        server.listen(settings(CREDIT_API_HOST="192.0.2.1"))


def test_what_keeps_it_from_starting_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("CREDIT_API_PORT", "many")
    assert server.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: found wrong settings: CREDIT_API_PORT='many'")
