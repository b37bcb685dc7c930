"""A live session through a real TURN server (coturn), with passwords that expire."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import stun, turn
from aiortc import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection
from conftest import Serve
from doubles import Shopper

from stream_server.ice import IceServer

SECRET = "a secret that only we and the relay know"
COTURN = shutil.which("turnserver")

pytestmark = pytest.mark.skipif(COTURN is None, reason="coturn is not installed: no TURN server")


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[int]:
    """A TURN server on 127.0.0.1 that takes passwords made with the secret; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert COTURN is not None
    process = subprocess.Popen(
        [
            *(COTURN, "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"),
            *(f"--listening-port={port}", "--realm=test", "--use-auth-secret"),
            *(f"--static-auth-secret={SECRET}", "--no-tls", "--no-dtls", "--no-cli"),
            *("--allow-loopback-peers", f"--pidfile={tmp_path / 'pid'}", "--log-file=stdout"),
            *("--no-software-attribute", f"--userdb={tmp_path / 'turndb'}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the TURN server did not start")


async def test_a_forced_relay_carries_the_picture_and_nothing_else_does(
    serve: Serve, relay: int
) -> None:
    server = IceServer((f"turn:127.0.0.1:{relay}?transport=udp",), secret=SECRET)
    http = await serve(ice_servers=(server,), relay_only=True)
    async with http.get("/api/config") as response:
        config = await response.json()
    (given,) = config["iceServers"]
    async with Shopper(http) as shopper:
        await shopper.pc.close()
        shopper.pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[RTCIceServer(**given)],
                iceTransportPolicy=RTCIceTransportPolicy(config["iceTransportPolicy"]),
            )
        )
        shopper.pc.addTrack(shopper.camera)
        shopper.control = shopper.pc.createDataChannel("control")
        shopper.pc.on("track", shopper._watch)
        await shopper.pc.setLocalDescription(await shopper.pc.createOffer())
        async with http.post("/api/offer", json=shopper.offer(garment="green")) as response:
            answer = await response.json()
        shopper.session = answer["session"]
        await shopper.pc.setRemoteDescription(
            type(shopper.pc.localDescription)(answer["sdp"], answer["type"])
        )
        await shopper.see(5, worn="green")
    for sdp in (shopper.offer()["sdp"], answer["sdp"]):
        candidates = [line for line in sdp.splitlines() if line.startswith("a=candidate:")]
        assert candidates
        assert all(" typ relay" in line for line in candidates)


async def test_a_password_that_has_expired_is_refused(relay: int) -> None:
    server = IceServer((f"turn:127.0.0.1:{relay}",), secret=SECRET)
    fresh, old = server.with_pass(time.time()), server.with_pass(time.time() - 13 * 3600)

    async def allocate(username: str, password: str) -> None:
        transport, _ = await turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=("127.0.0.1", relay),
            username=username,
            password=password,
        )
        transport.close()

    await allocate(str(fresh.username), str(fresh.credential))
    with pytest.raises(stun.TransactionFailed):
        await allocate(str(old.username), str(old.credential))
