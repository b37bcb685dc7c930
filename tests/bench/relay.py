"""A UDP relay that loses packets: what a bad network does, on one machine and without root.

It stands between the two ends by being named in the offer in the client's place, and in the
answer in the server's.
"""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any

CANDIDATE = re.compile(r"^(a=candidate:\S+ \d+ udp \d+ )(\S+) (\d+)( typ host.*)$", re.I | re.M)
Address = tuple[str, int]


class Relay(asyncio.DatagramProtocol):
    """Forwards datagrams between a client and whoever writes to the relay.

    Attributes:
        loss: share of packets that are lost, each way, 0 to 1.
        cut: nothing passes while it is set.
        passed, lost: packets so far.
    """

    def __init__(self, client: Address, seed: int = 1) -> None:
        self.loss = 0.0
        self.cut = False
        self.passed = self.lost = 0
        self._client = client
        self._server: Address | None = None
        self._dice = random.Random(seed)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        to = self._server if addr == self._client else self._client
        if to is None or self.cut or self._dice.random() < self.loss:
            self.lost += 1
            return
        self.passed += 1
        self._transport.sendto(data, to)

    def close(self) -> None:
        self._transport.close()

    @property
    def address(self) -> Address:
        """Where the relay listens."""
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def stand_in_for_server(self, answer: str) -> str:
        """Name the relay in an answer, in the server's place."""
        self._server = _first(answer)
        return _renamed(answer, self.address)


async def relay_for(offer: str) -> tuple[str, Relay]:
    """Make a relay and name it in an offer, in the client's place."""
    loop = asyncio.get_running_loop()
    client = _first(offer)
    _, relay = await loop.create_datagram_endpoint(
        lambda: Relay(client), local_addr=("127.0.0.1", 0)
    )
    return _renamed(offer, relay.address), relay


def _first(sdp: str) -> Address:
    match = CANDIDATE.search(sdp)
    assert match is not None, "there is no UDP candidate"
    return match[2], int(match[3])


def _renamed(sdp: str, address: Address) -> str:
    return CANDIDATE.sub(rf"\g<1>{address[0]} {address[1]}\g<4>", sdp)
