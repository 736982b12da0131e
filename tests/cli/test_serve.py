"""`desk serve` before it serves: what it refuses, in words."""

import socket

import pytest

from app.config import Config, ConfigError
from app.kernel.errors import Unavailable
from app.serving import check_exposure, resolve
from tests.cli.running import Desk
from tests.servers import environment

OWN = {
    "PUBLIC_BASE_URL": "http://desk.example.com",
    "SECRET_KEY": "s" * 40,
    "ENCRYPTION_KEYS": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "OTP_PEPPER": "p" * 40,
    "SMTP_URL": "smtp://localhost",
}


def test_other_machines_never_reach_what_is_set_up_for_development(desk: Desk) -> None:
    done = desk("serve", "--host", "0.0.0.0", "--port", "8")
    assert done.exit_code == 1
    assert "Other machines could reach" in done.stderr
    for name in OWN:
        assert f"{name} is missing" in done.stderr
    assert "Nothing was started." in done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "::ffff:0.0.0.0", "192.0.2.1"])
@pytest.mark.parametrize("missing", OWN)
def test_each_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, address: str) -> None:
    for name, value in {**environment(Config()), **OWN, missing: ""}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        check_exposure(address)
    assert [name for name in OWN if f"{name} is missing" in str(refused.value)] == [missing]
    monkeypatch.setenv(missing, OWN[missing])
    check_exposure(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.9", "::1"])
def test_this_machine_alone_may_be_served_without_settings(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in OWN:
        monkeypatch.delenv(name, raising=False)
    check_exposure(address)


@pytest.mark.parametrize("shares", [False, True])
def test_an_address_that_cannot_be_served_is_named(shares: bool) -> None:
    """A `desk serve` that still runs shares its port: half of the requests would go on to the program of before."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=shares) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match="another program listens there"):
            resolve("127.0.0.1", port)
    with pytest.raises(Unavailable, match="cannot be served"):
        resolve("203.0.113.7", port)
    with pytest.raises(Unavailable, match="cannot be served"):
        resolve("no.such.host.invalid", port)
    assert resolve("localhost", port) in ("127.0.0.1", "::1")
