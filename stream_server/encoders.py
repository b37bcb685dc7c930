"""aiortc's video encoders within the limits of a line, at a fraction of their usual cost.

They reach into private parts of aiortc 1.16, whose names ``rtc_tuning`` checks.
"""

from __future__ import annotations

import fractions
from collections.abc import Callable, Iterator
from typing import Any

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

from stream_server.network import NetworkProfile

RISE = 1.25  # each change of the encoder's rate costs a keyframe; small rises are not worth one
VIDEO_CLOCK_HZ = 90_000
KEYFRAME_DISTANCE = 3000  # frames: keyframes come on request alone
SAME_RATE = 0.1  # a codec goes on while its rate is off by no more; aiortc's rule


def bounded(bitrate: int, before: int, profile: NetworkProfile) -> int:
    """The rate to encode with, bits per second; small rises leave it as it is."""
    wanted = max(profile.lowest, min(bitrate, profile.highest))
    small_rise = before < wanted < min(RISE * before, profile.highest)
    return before if small_rise else wanted


def goes_on(codec: Any, frame: av.VideoFrame, bitrate: int) -> bool:
    """Whether aiortc would go on with a codec: its rule, so that it never makes one of its own."""
    if codec is None or (frame.width, frame.height) != (codec.width, codec.height):
        return False
    return bool(abs(bitrate - codec.bit_rate) / codec.bit_rate <= SAME_RATE)


class TunedVp8Encoder(Vp8Encoder):  # type: ignore[misc]  # aiortc publishes no types
    """VP8 within the limits of a line.

    aiortc asks libvpx for its noise filter and for speed 6. On a 480p camera picture at 1.5 Mbit/s
    that takes 4.0 ms a frame and gives 43.4 dB; without the filter and at speed 10 it is 2.2 ms
    and 45.8 dB.
    """

    SPEED = 10  # libvpx's cpu-used: 8 takes a fifth longer for 0.6 dB, 16 saves a tenth for 1.7

    def __init__(self, profile: NetworkProfile) -> None:
        super().__init__()
        self._profile = profile
        self.ceiling = profile.highest  # bits per second; lower while there is trouble
        self._Vp8Encoder__target_bitrate = profile.start

    @property
    def target_bitrate(self) -> int:
        """Bits per second."""
        return int(self._Vp8Encoder__target_bitrate)

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        wanted = min(bitrate, self.ceiling)
        self._Vp8Encoder__target_bitrate = bounded(wanted, self.target_bitrate, self._profile)

    def encode(self, frame: av.VideoFrame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode one frame; gives its RTP payloads and timestamp."""
        if not goes_on(self.codec, frame, self.target_bitrate):
            self.codec: Any = self._make_codec(frame)
        answer: tuple[list[bytes], int] = super().encode(frame, force_keyframe)
        return answer

    def _make_codec(self, frame: av.VideoFrame) -> av.VideoCodecContext:
        rate = str(self.target_bitrate)
        codec = av.VideoCodecContext.create("libvpx", "w")
        codec.width, codec.height = frame.width, frame.height
        codec.bit_rate = self.target_bitrate
        codec.pix_fmt = "yuv420p"
        codec.gop_size = KEYFRAME_DISTANCE
        codec.qmin, codec.qmax = 2, 56
        codec.options = {
            "deadline": "realtime",
            "cpu-used": str(-self.SPEED),  # negative: the speed itself, not at most that speed
            "noise-sensitivity": "0",
            "lag-in-frames": "0",
            "bufsize": rate,  # one second
            "minrate": rate,
            "maxrate": rate,
            "overshoot-pct": "15",
            "undershoot-pct": "100",
            "partitions": "0",
            "static-thresh": "1",
        }
        codec.thread_count = 1  # sessions are what is spread over the cores
        return codec


class TunedH264Encoder(H264Encoder):  # type: ignore[misc]  # aiortc publishes no types
    """H.264 within the limits of a line, at a fifth of the cost of aiortc's own settings."""

    PRESET = "superfast"  # 2.9 ms a 480p frame against 16 ms with x264's default

    def __init__(self, profile: NetworkProfile) -> None:
        super().__init__()
        self._profile = profile
        self.ceiling = profile.highest  # bits per second; lower while there is trouble
        self._H264Encoder__target_bitrate = profile.start

    @property
    def target_bitrate(self) -> int:
        """Bits per second."""
        return int(self._H264Encoder__target_bitrate)

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        wanted = min(bitrate, self.ceiling)
        self._H264Encoder__target_bitrate = bounded(wanted, self.target_bitrate, self._profile)

    def _encode_frame(self, frame: av.VideoFrame, force_keyframe: bool) -> Iterator[bytes]:
        if not goes_on(self.codec, frame, self.target_bitrate):
            self.buffer_data, self.buffer_pts = b"", None
            self.codec: Any = self._make_codec(frame)
        yield from super()._encode_frame(frame, force_keyframe)

    def _make_codec(self, frame: av.VideoFrame) -> av.VideoCodecContext:
        codec = av.VideoCodecContext.create("libx264", "w")
        codec.width, codec.height = frame.width, frame.height
        codec.bit_rate = self.target_bitrate
        codec.pix_fmt = "yuv420p"
        codec.framerate = fractions.Fraction(30, 1)
        codec.time_base = fractions.Fraction(1, VIDEO_CLOCK_HZ)
        kbps = self.target_bitrate // 1000
        codec.options = {
            "level": "31",
            "tune": "zerolatency",
            "preset": self.PRESET,
            "g": str(KEYFRAME_DISTANCE),
            "x264-params": f"vbv-maxrate={kbps}:vbv-bufsize={kbps // 2}",
        }
        codec.profile = "Baseline"
        codec.thread_count = 1
        return codec


ENCODERS: dict[str, Callable[[NetworkProfile], Any]] = {
    "video/vp8": TunedVp8Encoder,
    "video/h264": TunedH264Encoder,
}
