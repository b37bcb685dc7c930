"""A camera and a lossy line in virtual time, in front of a real aiortc receiver."""

from __future__ import annotations

import heapq
import itertools
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket

from stream_server.network import PROFILES
from stream_server.rtc_tuning import TunedReceiver

VP8 = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90000, payloadType=97)
SSRC = 1234
FRAME_S = 1 / 30
PACKETS = 4  # of one frame
DELAY_S = 0.02  # one way
PACKET_S = 0.001  # between two packets of a frame


@dataclass
class Shown:
    """One encoded frame as the decoder would get it."""

    number: int
    key: bool
    whole: bool
    at: float


@dataclass
class Line:
    """Everything between a camera and the decoder.

    Attributes:
        lose: (sequence number, how often sent before, time) → whether this packet is lost.
        lose_back: (time) → whether a message of the receiver is lost.
        delay: (sequence number) → more seconds on the way.
        twice: every packet arrives twice.
        tuned: with our receiver or with aiortc's own.
    """

    lose: Callable[[int, int, float], bool] = lambda *_: False
    lose_back: Callable[[float], bool] = lambda _: False
    delay: Callable[[int], float] = lambda _: 0.0
    twice: bool = False
    tuned: bool = True
    first: int = 65_500  # sequence numbers wrap soon
    now: float = 0.0
    nacks: list[tuple[float, list[int]]] = field(default_factory=list)
    plis: list[float] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    state: str = "connected"

    def __post_init__(self) -> None:
        self.receiver: Any = RTCRtpReceiver("video", self)
        self.tuning = (
            TunedReceiver(self.receiver, PROFILES["lan"], lambda: self.now) if self.tuned else None
        )
        self.receiver._RTCRtpReceiver__codecs[97] = VP8
        self.receiver._RTCRtpReceiver__decoder_thread = threading.current_thread()
        self.receiver._set_rtcp_ssrc(1)
        self._coming: list[tuple[float, int, RtpPacket]] = []
        self._order = itertools.count()
        self._sent: dict[int, int] = {}
        self._history: dict[int, RtpPacket] = {}
        self._key_wanted = True

    async def run(self, seconds: float) -> None:
        """Send frames for so long, and deliver what arrives."""
        for number in range(round(seconds / FRAME_S)):
            await self._until(number * FRAME_S)
            self._send_frame(number)
        await self._until(seconds + 1.0)

    async def _until(self, moment: float) -> None:
        while self._coming and self._coming[0][0] <= moment:
            self.now, _, packet = heapq.heappop(self._coming)
            await self.receiver._handle_rtp_packet(packet, int(self.now * 1000))
            self._look()
        self.now = moment

    def _send_frame(self, number: int) -> None:
        key, self._key_wanted = self._key_wanted, False
        for part in range(PACKETS):
            sequence = (self.first + number * PACKETS + part) % 65536
            packet = RtpPacket(
                payload_type=97, sequence_number=sequence, timestamp=number * 3000, ssrc=SSRC
            )
            head = VpxPayloadDescriptor(partition_start=int(part == 0), partition_id=0)
            body = struct.pack("!BHB", 0 if key else 1, number, part)
            packet.payload = bytes(head) + body
            packet.marker = int(part == PACKETS - 1)
            self._history[sequence] = packet
            self._launch(packet, self.now + part * PACKET_S)

    def _launch(self, packet: RtpPacket, at: float) -> None:
        sequence = packet.sequence_number
        before = self._sent.get(sequence, 0)
        self._sent[sequence] = before + 1
        if self.lose(sequence, before, at):
            return
        arrival = at + DELAY_S + self.delay(sequence)
        for copy in range(2 if self.twice else 1):
            due = (arrival + 0.004 * copy, next(self._order), packet)
            heapq.heappush(self._coming, due)

    async def _send_rtp(self, data: bytes) -> None:
        """What the receiver says to the camera; called by aiortc."""
        for message in RtcpPacket.parse(data):
            nack = isinstance(message, RtcpRtpfbPacket)
            if nack:
                self.nacks.append((self.now, list(message.lost)))
            elif isinstance(message, RtcpPsfbPacket):
                self.plis.append(self.now)
            if self.lose_back(self.now):
                continue
            if nack:
                for sequence in message.lost:
                    if sequence in self._history:
                        self._launch(self._history[sequence], self.now + DELAY_S)
            else:
                self._key_wanted = True

    def _look(self) -> None:
        waiting = self.receiver._RTCRtpReceiver__decoder_queue
        while not waiting.empty():
            _, frame = waiting.get_nowait()
            parts = [
                struct.unpack_from("!BHB", frame.data, i) for i in range(0, len(frame.data), 4)
            ]
            whole = [part for _, _, part in parts] == list(range(PACKETS))
            self.shown.append(Shown(parts[0][1], parts[0][0] == 0, whole, self.now))

    def decodable(self) -> list[Shown]:
        """Frames that a decoder could show: whole, and after the one they refer to."""
        good: list[Shown] = []
        for frame in self.shown:
            if frame.whole and (frame.key or (good and good[-1].number == frame.number - 1)):
                good.append(frame)
        return good

    def longest_freeze_s(self) -> float:
        """Between two frames that could be shown."""
        moments = [frame.at for frame in self.decodable()]
        return max(b - a for a, b in itertools.pairwise(moments))
