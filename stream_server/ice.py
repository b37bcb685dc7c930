"""How the two peers find each other: STUN and TURN servers, and machines with only loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy

from pipeline.errors import InputError

ADDRESS = re.compile(r"stuns?:[^?:]+(:\d+)?|turns?:[^?:]+(:\d+)?(\?transport=(udp|tcp))?")
"""As in RFC 7064 and 7065; a wrong one would only fail when the first shopper connects."""

LOOPBACK = "127.0.0.1"
PASS_LIFE_S = 12 * 3600  # a page may stay open for a day's work, and asks anew when it reconnects


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server, as browsers name it.

    Attributes:
        urls: its addresses.
        username, credential: for TURN, the same for everybody.
        secret: for TURN instead of the two: shared with the TURN server, which then takes
            passwords that expire (coturn: ``use-auth-secret``). It never leaves this server.
    """

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for url in self.urls or ("",):
            if ADDRESS.fullmatch(url) is None:
                raise InputError(
                    "Each of ice_servers needs urls like stun:host:port or"
                    f" turn:host:port?transport=udp, got {url!r}."
                )
        if self.secret is not None and (self.username or self.credential):
            raise InputError("An entry of ice_servers has a secret or a username, not both.")

    @property
    def relays(self) -> bool:
        """Whether it is a TURN server."""
        return any(url.startswith("turn") for url in self.urls)

    def with_pass(self, now_s: float) -> IceServer:
        """The same server with a user name and password that expire, if it has a secret.

        Source: draft-uberti-behave-turn-rest-00, "A REST API for access to TURN services".
        """
        if self.secret is None:
            return self
        username = f"{int(now_s) + PASS_LIFE_S}:{secrets.token_urlsafe(6)}"
        digest = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        return IceServer(self.urls, username, base64.b64encode(digest).decode())

    def to_json(self) -> dict[str, Any]:
        """The dictionary that ``new RTCPeerConnection({iceServers: […]})`` takes."""
        answer: dict[str, Any] = {"urls": list(self.urls)}
        if self.username is not None:
            answer["username"] = self.username
        if self.credential is not None:
            answer["credential"] = self.credential
        return answer


def servers_for_browser(servers: tuple[IceServer, ...]) -> list[dict[str, Any]]:
    """The list that ``new RTCPeerConnection({iceServers})`` takes, with fresh passwords."""
    return [server.with_pass(time.time()).to_json() for server in servers]


def rtc_configuration(
    servers: tuple[IceServer, ...], *, relay_only: bool = False
) -> RTCConfiguration:
    """Configuration of our side of one connection.

    The list of servers is always given: without one aiortc would ask a public STUN server.
    """
    known = [server.with_pass(time.time()) for server in servers]
    policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
    return RTCConfiguration(
        iceTransportPolicy=policy,
        iceServers=[
            RTCIceServer(urls=list(s.urls), username=s.username, credential=s.credential)
            for s in known
        ],
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
    )


@contextmanager
def loopback_when_alone() -> Iterator[None]:
    """Offer 127.0.0.1 as a candidate while the machine has no other address.

    aioice leaves loopback out, so a laptop without any network could not even talk to its own
    browser. The rule holds while the context is open; with any other address nothing changes.
    """
    gather = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return gather(use_ipv4=use_ipv4, use_ipv6=use_ipv6) or ([LOOPBACK] if use_ipv4 else [])

    aioice.ice.get_host_addresses = addresses
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = gather
