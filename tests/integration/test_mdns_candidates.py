"""Browsers that hide their addresses behind names like ``….local``."""

from __future__ import annotations

import re
from typing import Any

import aioice.ice
import pytest
from aiortc import RTCSessionDescription
from conftest import Serve
from doubles import Shopper

NAME = "6b1b2f0e-0000-4000-8000-c0ffee000000.local"
HOST = re.compile(r"^(a=candidate:\S+ \d+ udp \d+ )127\.0\.0\.1 ", re.M)


class Names:
    """Stands for the local network's names: knows none, and sends nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, name: str) -> None:
        self.asked.append(name)


async def test_a_hidden_address_connects_without_asking_the_network(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names()

    async def protocol(_: object) -> Any:
        return names

    async def forget(_: object) -> None: ...

    monkeypatch.setattr(aioice.ice, "get_or_create_mdns_protocol", protocol)
    monkeypatch.setattr(aioice.ice, "unref_mdns_protocol", forget)
    async with Shopper(await serve()) as shopper:
        body = shopper.offer(garment="green")
        body["sdp"], count = HOST.subn(rf"\g<1>{NAME} ", body["sdp"])
        assert count > 0
        async with shopper.http.post("/api/offer", json=body) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        await shopper.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        await shopper.see(3, worn="green")
    assert names.asked == []  # the offer's own address is known: no multicast is sent
