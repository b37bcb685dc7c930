"""What makes aiortc fit for a mirror: less waiting, quick recovery, a fair share of the line.

Everything here reaches into private parts of aiortc 1.16, one connection at a time. Their names
are checked when this module is imported; if one is missing, or ``WEARCAST_RTC_TUNING=off`` is
set, connections stay as aiortc makes them.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import aiortc
from aiortc import RTCRtpReceiver, RTCRtpSender, RTCRtpTransceiver
from aiortc.codecs import is_rtx
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rate import AimdRateControl
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add, uint16_gt

from stream_server.encoders import ENCODERS
from stream_server.jitter import MarkerJitterBuffer, is_keyframe
from stream_server.network import AUTO, NetworkProfile, check_network, profile_for
from stream_server.playout import ImmediateExtensions, agree_on_no_delay

log = logging.getLogger(__name__)

SWITCH = "WEARCAST_RTC_TUNING"
OFF_WORDS = ("off", "0", "no", "false")
TUNED_VERSION = "1.16."
NACK_AGAIN_S = 0.06  # aiortc asks once; the request or the repeated packet may get lost as well
PLI_AFTER_S = 0.2  # a hole that old is filled by a new keyframe rather than by its packets
PLI_PAUSE_S = 0.4  # between two requests: a keyframe costs as much as ten frames
MAX_BACKLOG = 15  # frames: a decoder half a second behind goes on at the next keyframe
NEVER = float("-inf")


# -- the private names we rely on

IN_RECEIVER = (
    "jitter_buffer", "nack_generator", "remote_bitrate_estimator", "decoder_queue",
    "decoder_error", "decoder_thread", "codecs", "rtx_ssrc", "timestamp_mapper",
)  # fmt: skip


def missing_names() -> list[str]:
    """Which of the private parts that we need are not there in the aiortc that is installed."""
    of_receiver = {f"_RTCRtpReceiver__{name}" for name in IN_RECEIVER}
    checks = (
        ("RTCRtpReceiver", of_receiver - set(RTCRtpReceiver.__init__.__code__.co_names)),
        ("RTCRtpSender", {"_RTCRtpSender__encoder", "_RTCRtpSender__rtp_header_extensions_map"}
         - set(RTCRtpSender.__init__.__code__.co_names)),
        ("RTCRtpTransceiver", {"_headerExtensions"}
         - set(RTCRtpTransceiver.__init__.__code__.co_names)),
        ("Vp8Encoder", {"_Vp8Encoder__target_bitrate"} - set(vars(Vp8Encoder()))),
        ("H264Encoder", {"_H264Encoder__target_bitrate"} - set(vars(H264Encoder()))),
        ("H264Encoder", {"_encode_frame"} - set(dir(H264Encoder))),
        ("JitterBuffer", {"_origin", "_packets"} - set(vars(JitterBuffer(16)))),
        ("JitterBuffer", {"_remove_frame", "remove"} - set(dir(JitterBuffer))),
        ("AimdRateControl", {"_clamp_bitrate"} - set(dir(AimdRateControl))),
        ("AimdRateControl", {"current_bitrate_initialized"} - set(vars(AimdRateControl()))),
        ("RTCRtpReceiver", {"_handle_rtp_packet", "_send_rtcp_nack", "_send_rtcp_pli"}
         - set(dir(RTCRtpReceiver))),
        ("RTCRtpSender", {"_next_encoded_frame"} - set(dir(RTCRtpSender))),
    )  # fmt: skip
    return [f"{owner}.{name}" for owner, names in checks for name in sorted(names)]


MISSING = missing_names()


# -- receiving


class Repairs:
    """Loss on one connection and what was done against it, counted."""

    def __init__(self) -> None:
        self.expected = 0  # packets that the camera sent, repeated ones left out
        self.lost = 0  # of those, not here when they were due
        self.nacks = 0  # requests for packets, repeated
        self.plis = 0  # requests for a keyframe
        self.jumps = 0  # times a hole was left out for a keyframe behind it
        self.backlogs = 0  # times the decoder was too far behind


class DecoderQueue(queue.Queue[Any]):
    """Encoded frames for the decoder's thread; one that falls behind skips to a keyframe."""

    def __init__(self, picture_lost: threading.Event, repairs: Repairs) -> None:
        super().__init__()
        self._picture_lost = picture_lost  # makes aiortc ask for a keyframe
        self._repairs = repairs
        self._skipping = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Queue ``(codec, frame)``, or None for the end; never waits."""
        if item is not None and self._left_out(*item):
            self._picture_lost.set()
            return
        super().put(item, block, timeout)

    def _left_out(self, codec: Any, frame: Any) -> bool:
        if not self._skipping and self.qsize() >= MAX_BACKLOG:
            self._skipping = True
            self._repairs.backlogs += 1
        elif self._skipping and is_keyframe(codec.name, frame.data):
            self._skipping = False
            while not self.empty():
                self.get_nowait()
        return self._skipping


class SeededRateControl(AimdRateControl):  # type: ignore[misc]  # aiortc publishes no types
    """Tells the camera from the start what it may send, instead of finding out for 20 s."""

    def __init__(self, profile: NetworkProfile) -> None:
        super().__init__()
        self._profile = profile
        self.current_bitrate = profile.seed
        self.current_bitrate_initialized = True

    def _clamp_bitrate(self, new_bitrate: int, estimated_throughput: int) -> int:
        clamped = super()._clamp_bitrate(new_bitrate, estimated_throughput)
        return max(self._profile.lowest, min(int(clamped), self._profile.highest))


class TunedReceiver:
    """Stands between the transport and one of aiortc's video receivers.

    Args:
        receiver: one that has not started.
        profile: of the line.
        clock: monotonic time, seconds.
    """

    def __init__(
        self,
        receiver: Any,
        profile: NetworkProfile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.repairs = Repairs()
        self._receiver = receiver
        self._clock = clock
        self._buffer = MarkerJitterBuffer()
        self._origin: int | None = None
        self._moved_at = clock()
        self._nack_at = self._pli_at = NEVER
        self._pli_owed = False
        self._newest: int | None = None  # sequence number
        self._stock_handle = receiver._handle_rtp_packet
        self._stock_pli = receiver._send_rtcp_pli
        receiver._RTCRtpReceiver__jitter_buffer = self._buffer
        receiver._RTCRtpReceiver__decoder_queue = DecoderQueue(
            receiver._RTCRtpReceiver__decoder_error, self.repairs
        )
        estimator = receiver._RTCRtpReceiver__remote_bitrate_estimator
        estimator.rate_control = SeededRateControl(profile)
        receiver._handle_rtp_packet = self._handle
        receiver._send_rtcp_pli = self._ask_for_keyframe

    async def _handle(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        codec = self._codec(packet)
        if codec is self._receiver._RTCRtpReceiver__codecs.get(packet.payload_type):
            self._count(packet.sequence_number)
        await self._stock_handle(packet, arrival_time_ms)
        if codec is None or self._receiver._RTCRtpReceiver__decoder_thread is None:
            return
        self._drain(codec)
        source = self._receiver._RTCRtpReceiver__rtx_ssrc.get(packet.ssrc, packet.ssrc)
        await self._watch(codec, source)

    def _count(self, number: int) -> None:
        """Count what is missing when a later packet comes; one that is only late counts back."""
        if self._newest is None or uint16_gt(number, self._newest):
            step = 1 if self._newest is None else uint16_add(number, -self._newest)
            self._newest = number
            self.repairs.expected += step
            self.repairs.lost += step - 1
        elif number != self._newest and self.repairs.lost:
            self.repairs.lost -= 1

    def _codec(self, packet: RtpPacket) -> Any:
        codecs = self._receiver._RTCRtpReceiver__codecs
        codec = codecs.get(packet.payload_type)
        return codecs.get(codec.parameters.get("apt")) if codec and is_rtx(codec) else codec

    def _drain(self, codec: Any) -> None:
        """Hand on all that is complete: aiortc takes one frame per packet and stays behind."""
        while (frame := self._buffer.next_frame()) is not None:
            frame.timestamp = self._receiver._RTCRtpReceiver__timestamp_mapper.map(frame.timestamp)
            self._receiver._RTCRtpReceiver__decoder_queue.put((codec, frame))

    async def _watch(self, codec: Any, source: int) -> None:
        """Ask again for what is missing; after a while ask for a keyframe and jump to it."""
        now = self._clock()
        if self._pli_owed:
            await self._ask_for_keyframe(source)
        if self._buffer.origin != self._origin or not self._buffer.has_hole():
            self._origin, self._moved_at = self._buffer.origin, now
            return
        stuck_s = now - self._moved_at
        if stuck_s >= PLI_AFTER_S:
            if self._buffer.skip_to_keyframe(codec.name):
                self._jumped(codec, now)
                return
            await self._ask_for_keyframe(source)
        missing = self._receiver._RTCRtpReceiver__nack_generator.missing
        if missing and min(stuck_s, now - self._nack_at) >= NACK_AGAIN_S:
            self._nack_at = now
            self.repairs.nacks += 1
            await self._receiver._send_rtcp_nack(source, sorted(missing))

    def _jumped(self, codec: Any, now: float) -> None:
        self.repairs.jumps += 1
        self._pli_owed = False
        generator = self._receiver._RTCRtpReceiver__nack_generator
        generator.missing = {n for n in generator.missing if self._buffer.still_wanted(n)}
        self._drain(codec)
        self._origin, self._moved_at = self._buffer.origin, now

    async def _ask_for_keyframe(self, source: int) -> None:
        """At most once in ``PLI_PAUSE_S``; what comes too early is asked for later."""
        now = self._clock()
        self._pli_owed = now - self._pli_at < PLI_PAUSE_S
        if not self._pli_owed:
            self._pli_at = now
            self.repairs.plis += 1
            await self._stock_pli(source)


# -- sending


class TunedSender:
    """Gives one of aiortc's senders an encoder of ours when it first needs one.

    Its packets carry the wish for no delay, where ``Tuning.answer`` agreed on it.

    Args:
        sender: one that has not started.
        profile: of the line.
    """

    def __init__(self, sender: Any, profile: NetworkProfile) -> None:
        self._sender = sender
        self._profile = profile
        self._ceiling = profile.highest
        self._stock = sender._next_encoded_frame
        sender._next_encoded_frame = self._next_encoded_frame
        sender._RTCRtpSender__rtp_header_extensions_map = ImmediateExtensions()

    async def _next_encoded_frame(self, codec: Any) -> Any:
        make = ENCODERS.get(codec.mimeType.lower())
        if self._sender._RTCRtpSender__encoder is None and make is not None:
            self._sender._RTCRtpSender__encoder = make(self._profile)
            self.limit(self._ceiling)
        return await self._stock(codec)

    def limit(self, bitrate: int) -> None:
        """Send at most so many bits per second: a smaller picture needs less."""
        self._ceiling = min(bitrate, self._profile.highest)
        encoder = self._sender._RTCRtpSender__encoder
        if hasattr(encoder, "ceiling"):
            encoder.ceiling = self._ceiling
            encoder.target_bitrate = min(encoder.target_bitrate, self._ceiling)


class Tuning:
    """Tunes connections, or leaves them alone where that is not possible or not wanted.

    Args:
        network: see ``profile_for``.
        environment: where ``WEARCAST_RTC_TUNING`` is looked up.

    Attributes:
        active: whether connections are tuned.
    """

    def __init__(self, network: str = AUTO, environment: Any = os.environ) -> None:
        check_network(network)
        self._network = network
        self.active = environment.get(SWITCH, "").strip().lower() not in OFF_WORDS
        version = aiortc.__version__
        if self.active and (MISSING or not version.startswith(TUNED_VERSION)):
            self.active = False
            why = f"without {', '.join(MISSING)}" if MISSING else "never tried with this server"
            log.warning("aiortc %s is %s: streams run without tuning", version, why)

    def receiver(self, receiver: Any, peer: str | None) -> Repairs:
        """Tune a video receiver that has not started; gives what will be counted there."""
        if not self.active:
            return Repairs()
        return TunedReceiver(receiver, profile_for(self._network, peer)).repairs

    def sender(self, sender: Any, peer: str | None) -> TunedSender | None:
        """Tune a video sender that has not started; None when it stays as it is."""
        if not self.active:
            return None
        return TunedSender(sender, profile_for(self._network, peer))

    def answer(self, transceivers: Iterable[RTCRtpTransceiver], offer: str) -> None:
        """Agree on what the tuned senders will use; after the offer was set, before the answer."""
        if self.active:
            for transceiver in transceivers:
                agree_on_no_delay(transceiver, offer)
