import pytest

from credit_risk.errors import SettingsError
from dashboard.access import check_address, has_sign_in, is_loopback

SIGN_IN = {"auth": {"redirect_uri": "https://risk.example/oauth2callback", "cookie_secret": "x", "client_id": "y"}}


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_this_machine_alone_reaches_loopback(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "192.168.1.4", "risk.example"])
def test_others_reach_every_other_address(address):
    assert not is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", ""])
def test_an_address_that_strangers_reach_is_refused_without_a_sign_in(address):
    with pytest.raises(SettingsError, match=r"asks nobody to sign in.*CREDIT_DASHBOARD_GUARDED=true"):
        check_address(address, sign_in=False, guarded=False)


@pytest.mark.parametrize(("sign_in", "guarded"), [(True, False), (False, True)])
def test_an_address_is_open_behind_a_sign_in_or_a_guard(sign_in, guarded):
    check_address("0.0.0.0", sign_in=sign_in, guarded=guarded)


def test_a_sign_in_is_one_only_with_all_that_streamlit_needs():
    assert has_sign_in(SIGN_IN)
    assert not has_sign_in({})
    assert not has_sign_in({"auth": {"redirect_uri": "https://risk.example/oauth2callback"}})
