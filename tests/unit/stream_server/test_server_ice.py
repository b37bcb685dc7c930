from __future__ import annotations

import base64
import hashlib
import hmac

import aioice.ice
import pytest
from aiortc import RTCBundlePolicy

from pipeline.errors import InputError
from stream_server.ice import PASS_LIFE_S, IceServer, loopback_when_alone, rtc_configuration


def test_without_settings_no_server_is_asked() -> None:
    configuration = rtc_configuration(())
    assert configuration.iceServers == []  # None would mean a public STUN server
    assert configuration.bundlePolicy == RTCBundlePolicy.MAX_BUNDLE


def test_a_turn_server_goes_to_both_sides() -> None:
    server = IceServer(("turn:turn.example:3478",), "u", "c")
    ours = rtc_configuration((server,)).iceServers[0]
    assert (ours.urls, ours.username, ours.credential) == (list(server.urls), "u", "c")
    assert server.to_json() == {"urls": list(server.urls), "username": "u", "credential": "c"}
    assert IceServer(("stun:a.example",)).to_json() == {"urls": ["stun:a.example"]}


@pytest.mark.parametrize(
    "url", ["", "http://a", "stun:", "stun:a:b", "stun:a?transport=udp", "turn:a?transport=x"]
)
def test_an_address_that_could_not_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(InputError, match="stun:host:port"):
        IceServer((url,))


def test_an_entry_without_an_address_is_refused() -> None:
    with pytest.raises(InputError):
        IceServer(())


@pytest.mark.parametrize(
    ("found", "offered"), [([], ["127.0.0.1"]), (["192.0.2.7"], ["192.0.2.7"])]
)
def test_loopback_is_offered_only_when_there_is_nothing_else(
    monkeypatch: pytest.MonkeyPatch, found: list[str], offered: list[str]
) -> None:
    def gather(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return found

    monkeypatch.setattr(aioice.ice, "get_host_addresses", gather)
    with loopback_when_alone():
        assert aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == offered
    assert aioice.ice.get_host_addresses is gather


def test_a_secret_makes_passwords_that_a_relay_can_check_and_that_expire() -> None:
    server = IceServer(("turn:a.example",), secret="shared")
    given = server.with_pass(1_000_000.0)
    assert given.username is not None
    expires, _ = given.username.split(":")
    assert int(expires) == 1_000_000 + PASS_LIFE_S
    digest = hmac.new(b"shared", given.username.encode(), hashlib.sha1).digest()
    assert given.credential == base64.b64encode(digest).decode()
    assert given.secret is None
    assert given.username != server.with_pass(1_000_000.0).username  # nobody can be told by it


def test_our_own_side_keeps_to_the_relay_as_well() -> None:
    server = IceServer(("turn:a.example",), secret="shared")
    configuration = rtc_configuration((server,), relay_only=True)
    assert configuration.iceTransportPolicy.value == "relay"
    assert configuration.iceServers[0].credential
