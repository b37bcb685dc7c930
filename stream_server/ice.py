"""How the two peers find each other: STUN and TURN servers, and machines with only loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer

from pipeline.errors import InputError

ADDRESS = re.compile(r"stuns?:[^?:]+(:\d+)?|turns?:[^?:]+(:\d+)?(\?transport=(udp|tcp))?")
"""As in RFC 7064 and 7065; a wrong one would only fail when the first shopper connects."""

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server, as browsers name it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None

    def __post_init__(self) -> None:
        for url in self.urls or ("",):
            if ADDRESS.fullmatch(url) is None:
                raise InputError(
                    "Each of ice_servers needs urls like stun:host:port or"
                    f" turn:host:port?transport=udp, got {url!r}."
                )

    def to_json(self) -> dict[str, Any]:
        """The dictionary that ``new RTCPeerConnection({iceServers: […]})`` takes."""
        answer: dict[str, Any] = {"urls": list(self.urls)}
        if self.username is not None:
            answer["username"] = self.username
        if self.credential is not None:
            answer["credential"] = self.credential
        return answer


def rtc_configuration(servers: tuple[IceServer, ...]) -> RTCConfiguration:
    """Configuration of our side of a connection.

    The list of servers is always given: without one aiortc would ask a public STUN server.
    """
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(urls=list(s.urls), username=s.username, credential=s.credential)
            for s in servers
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
