import socket

import pytest

from cli.processes import check_ports, pages
from credit_risk.errors import SettingsError
from resources.settings import Settings, load_settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path) -> Settings:
    ports = {f"CREDIT_{name}_PORT": str(free_port()) for name in ("API", "DAGSTER", "DASHBOARD", "MLFLOW")}
    return load_settings({"CREDIT_HOME": str(tmp_path), **ports})


def test_free_ports_pass(settings):
    check_ports(settings)


def test_every_port_in_use_is_named_with_the_setting_that_moves_it(settings):
    with socket.socket() as one, socket.socket() as other:
        for taken, port in ((one, settings.dagster_port), (other, settings.api_port)):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
        with pytest.raises(SettingsError, match=r"\(Dagster\).*\(Service\).*CREDIT_DAGSTER_PORT, CREDIT_API_PORT"):
            check_ports(settings)


def test_each_page_has_an_address_on_loopback(settings):
    assert all(page.url.startswith(f"http://127.0.0.1:{page.port}") for page in pages(settings))
