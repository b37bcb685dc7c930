"""Putting video packets together again, without waiting for what is not needed.

aiortc's buffer gives a frame out when the first packet of the *next* frame arrives, which costs
one frame of latency; and after a loss it waits until the hole is filled, for as long as it takes.
"""

from __future__ import annotations

from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add, uint16_gt

CAPACITY = 512  # packets: three seconds at the highest rate; as in aiortc
LATE = 4096  # a packet that many behind was repeated late; beyond, the sender began anew
VP8_START_OF_FRAME, VP8_START_MASK = 0x10, 0x1F  # payload descriptor: S bit set, partition 0
VP8_NOT_KEY = 0x01  # first bit of a VP8 frame (RFC 6386, 9.1)
START_CODE = b"\0\0\0\1"
H264_NAL_TYPE, H264_IDR, H264_SPS = 0x1F, 5, 7


def starts_keyframe(codec: str, packet: RtpPacket) -> bool:
    """Whether a depayloaded packet is the first of a frame that needs no other."""
    if codec == "VP8":
        first = bool(packet.payload) and packet.payload[0] & VP8_START_MASK == VP8_START_OF_FRAME
        return first and is_keyframe(codec, packet._data)
    return is_keyframe(codec, packet._data)


def is_keyframe(codec: str, data: bytes) -> bool:
    """Whether an encoded frame (or its first bytes) needs no other frame."""
    if codec == "VP8":
        return bool(data) and not data[0] & VP8_NOT_KEY
    if codec == "H264":
        return (
            data.startswith(START_CODE)
            and len(data) > len(START_CODE)
            and (data[len(START_CODE)] & H264_NAL_TYPE in (H264_IDR, H264_SPS))
        )
    return False


class MarkerJitterBuffer(JitterBuffer):  # type: ignore[misc]  # aiortc publishes no types
    """Gives a frame out as soon as its last packet, the one with the marker bit, is in."""

    def __init__(self) -> None:
        super().__init__(capacity=CAPACITY, is_video=True)
        self._newest = 0  # sequence number

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Store a packet.

        Returns:
            Whether the picture was lost, and the first frame that is complete now, if any.
        """
        if self._origin is not None and 0 < self._behind(packet) < LATE:
            return False, None  # aiortc would throw everything away for one that is 100 behind
        if self._origin is None or uint16_gt(packet.sequence_number, self._newest):
            self._newest = packet.sequence_number
        answer: tuple[bool, JitterFrame | None] = super().add(packet)
        return answer

    def next_frame(self) -> JitterFrame | None:
        """Take out one more complete frame; None when there is none."""
        return None if self._origin is None else self._remove_frame(self._origin)

    @property
    def origin(self) -> int | None:
        """Sequence number of the first packet that was not given out yet."""
        return self._origin  # type: ignore[no-any-return]

    def has_hole(self) -> bool:
        """Whether a packet is missing while later ones are here."""
        return any(self._at(count) is None for count in range(self._reach()))

    def skip_to_keyframe(self, codec: str) -> bool:
        """Leave out everything before the newest keyframe behind a hole.

        Returns:
            False when there is no such keyframe; nothing has changed then.
        """
        start = self._newest_keyframe(codec)
        if start is not None:
            self.remove(start)
        return start is not None

    def still_wanted(self, sequence_number: int) -> bool:
        """Whether a missing packet would still be of use."""
        return self._origin is None or uint16_add(sequence_number, -self._origin) < CAPACITY

    def _newest_keyframe(self, codec: str) -> int | None:
        hole, newest, moment = False, None, None
        for count in range(self._reach()):
            packet = self._at(count)
            if packet is None:
                hole = True
            elif hole and packet.timestamp != moment and starts_keyframe(codec, packet):
                # the first of its packets counts: with H.264 the parameter sets come before
                newest, moment = count, packet.timestamp
        return newest

    def _reach(self) -> int:
        """How many packets lie from the first that is awaited to the newest that came."""
        if self._origin is None:
            return 0
        ahead = uint16_add(self._newest, -self._origin)
        return int(ahead) + 1 if ahead < CAPACITY else 0

    def _behind(self, packet: RtpPacket) -> int:
        return int(uint16_add(self._origin, -packet.sequence_number))

    def _at(self, count: int) -> RtpPacket | None:
        return self._packets[(self._origin + count) % CAPACITY]

    def _remove_frame(self, _: int) -> JitterFrame | None:
        """Called by ``add`` and by us: the first frame, if all of its packets are here."""
        parts: list[bytes] = []
        timestamp: int | None = None
        for count in range(CAPACITY):
            packet = self._at(count)
            if packet is None:
                return None
            if timestamp is not None and packet.timestamp != timestamp:
                return self._give(count, parts, timestamp)  # a sender without marker bits
            timestamp = packet.timestamp
            parts.append(packet._data)
            if packet.marker:
                return self._give(count + 1, parts, packet.timestamp)
        return None

    def _give(self, count: int, parts: list[bytes], timestamp: int) -> JitterFrame:
        self.remove(count)
        return JitterFrame(b"".join(parts), timestamp)
