"""The least that aiortc can do: it sends back what it gets. Our server is measured against it."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

PEERS: web.AppKey[set[RTCPeerConnection]] = web.AppKey("peers", set)


async def offer(request: web.Request) -> web.Response:
    values = await request.json()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    request.app[PEERS].add(connection)
    connection.on("track", connection.addTrack)
    await connection.setRemoteDescription(RTCSessionDescription(values["sdp"], "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    sdp = connection.localDescription.sdp
    return web.json_response({"type": "answer", "sdp": sdp, "session": ""})


async def main() -> None:
    app = web.Application()
    app[PEERS] = set()
    app.router.add_post("/api/offer", offer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
