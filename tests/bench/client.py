"""A shopper that costs little: it sends video that was encoded once, and reads what comes back."""

from __future__ import annotations

import asyncio
import fractions
import itertools
import json
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import aioice.ice
import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from pipeline.samples import swaying_astronaut
from pipeline.structures import Image
from stream_server.rtc_tuning import Tuning
from tests.bench.relay import Relay, relay_for
from tests.integration.doubles import CELLS, CLOCK_HZ, SIZE_WH, draw_number, read_number

FPS = 30
CLIP = 2**CELLS  # frames until the numbers begin anew
KEY_EVERY = 64  # frames; browsers send keyframes on request alone
PING_S = 1.0
BITRATE = 300_000
PERSON_WH = 640, 480


def stay_on_loopback() -> None:
    """Let aiortc offer 127.0.0.1 alone: nothing of a bench leaves the machine."""
    aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]


def encode_clip() -> list[bytes]:
    """Numbered pictures as VP8 frames."""
    return _encode(map(draw_number, range(CLIP)), SIZE_WH)


def encode_person() -> list[bytes]:
    """A person who sways, as VP8 frames."""
    pictures = (frame.image for frame in swaying_astronaut(2 * KEY_EVERY, PERSON_WH))
    return _encode(pictures, PERSON_WH)


def _encode(pictures: Iterable[Image], size_wh: tuple[int, int]) -> list[bytes]:
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height = size_wh
    codec.pix_fmt, codec.bit_rate, codec.gop_size = "yuv420p", BITRATE, KEY_EVERY
    codec.time_base = fractions.Fraction(1, FPS)
    codec.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    packets: list[bytes] = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        packets += [bytes(packet) for packet in codec.encode(frame.reformat(format="yuv420p"))]
    return packets


class PacketCamera(MediaStreamTrack):
    """Sends a clip of encoded frames over and over; asked for a keyframe, it jumps to the next.

    Attributes:
        sender: of the connection, once there is one.
        keyframes: how many were asked for.
    """

    kind = "video"

    def __init__(self, clip: list[bytes]) -> None:
        super().__init__()
        self.sender: Any = None
        self.keyframes = 0
        self._clip = clip
        self._count = self._number = 0
        self._begin: float | None = None  # when the connection stands
        self.sent_at: dict[int, float] = {}

    async def recv(self) -> av.Packet:
        if self.readyState != "live":
            raise MediaStreamError
        if self._begin is None:
            self._begin = time.monotonic()
        due = self._begin + self._count / FPS
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if self._asked():
            self._number = -(-self._number // KEY_EVERY) * KEY_EVERY
        number = self._number % len(self._clip)
        packet = av.Packet(self._clip[number])
        packet.pts = self._count * CLOCK_HZ // FPS
        packet.time_base = fractions.Fraction(1, CLOCK_HZ)
        self.sent_at[number] = time.monotonic()
        self._count += 1
        self._number += 1
        return packet

    def _asked(self) -> bool:
        """Whether the other side has asked for a keyframe since the last frame."""
        asked = getattr(self.sender, "_RTCRtpSender__force_keyframe", False)
        if asked:  # aiortc leaves that to its encoder, which packets pass by
            self.sender._RTCRtpSender__force_keyframe = False
            self.keyframes += 1
        return bool(asked)


@dataclass
class Seen:
    """A frame that came back; the latency is not known of pictures without a number."""

    at: float
    latency_s: float


@dataclass
class Client:
    """One session.

    Attributes:
        numbered: the clip is that of ``encode_clip``.
        relay: stands in the way if ``relayed``; ``relay.loss`` and ``relay.cut`` are the network.
        seen: frames that came back.
        messages: that the server sent.
    """

    http: aiohttp.ClientSession
    clip: list[bytes]
    relayed: bool = False
    beats: bool = True
    numbered: bool = True
    relay: Relay | None = None
    session: str = ""
    seen: list[Seen] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def offer(self) -> str:
        """Make the offer; gives its session description."""
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.pc = RTCPeerConnection(configuration)
        self.camera = PacketCamera(self.clip)
        self.camera.sender = self.pc.addTrack(self.camera)
        self.control = self.pc.createDataChannel("control")
        self.control.on("message", lambda text: self.messages.append(json.loads(text)))
        self.pc.on("track", self._on_track)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return str(self.pc.localDescription.sdp)

    async def connect(self, garment: str = "red") -> None:
        """Offer, answer; the connection comes about by itself."""
        sdp = await self.offer()
        if self.relayed:
            sdp, self.relay = await relay_for(sdp)
        body = {"type": "offer", "sdp": sdp, "garment": garment}
        async with self.http.post("/api/offer", json=body) as response:
            answer = await response.json()
            if response.status != 200:
                raise ConnectionError(answer["error"]["code"])
        self.session = answer["session"]
        sdp = answer["sdp"]
        if self.relay is not None:
            sdp = self.relay.stand_in_for_server(sdp)
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        if self.beats:
            self._spawn(self._beat())

    async def frames(self, count: int, timeout_s: float = 15.0) -> None:
        """Wait for so many more frames."""
        wanted = len(self.seen) + count
        async with asyncio.timeout(timeout_s):
            for _ in itertools.count():
                if len(self.seen) >= wanted:
                    return
                await asyncio.sleep(0.02)

    async def dressed(self, timeout_s: float = 15.0) -> None:
        """Wait until the server says that it dresses."""
        async with asyncio.timeout(timeout_s):
            for _ in itertools.count():
                if any(message.get("state") == "dressed" for message in self.messages):
                    return
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Leave without a word to the server's HTTP side."""
        self.camera.stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.pc.close()
        if self.relay is not None:
            self.relay.close()

    def _on_track(self, track: MediaStreamTrack) -> None:
        # a browser recovers from loss; aiortc as it comes would stay behind for good
        (transceiver,) = self.pc.getTransceivers()
        Tuning("lan").receiver(transceiver.receiver, None)
        self._spawn(self._watch(track))

    def _spawn(self, work: Any) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            if self.control.readyState == "open":
                self.control.send(json.dumps({"type": "ping", "t": time.monotonic()}))

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not self.numbered:
                self.seen.append(Seen(time.monotonic(), math.nan))
                continue
            number, now = read_number(frame.to_ndarray(format="rgb24")), time.monotonic()
            sent_at = self.camera.sent_at.get(number)
            if sent_at is not None and now - sent_at < CLIP / FPS:
                self.seen.append(Seen(now, now - sent_at))
