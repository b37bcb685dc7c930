"""The ends of the media path: one-place buffers, the reader of the camera and the output track."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

T = TypeVar("T")


class SlotClosed(Exception):
    """The slot was closed; nothing more will come."""


class NewestSlot(Generic[T]):
    """A one-place buffer between threads: the newest value wins, the older one is dropped.

    Attributes:
        dropped: values that were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: T | None = None
        self._closed = False
        self.dropped = 0

    def put(self, value: T) -> bool:
        """Offer a value; never waits. After ``close`` it is left out.

        Returns:
            True when an older value was dropped for it.
        """
        with self._changed:
            if self._closed:
                return False
            replaced = self._value is not None
            self.dropped += replaced
            self._value = value
            self._changed.notify_all()
            return replaced

    def take(self) -> T:
        """Wait for a value and take it out.

        Raises:
            SlotClosed: the slot was closed, now or while waiting.
        """
        with self._changed:
            while self._value is None and not self._closed:
                self._changed.wait()
            return self._pop()

    def poll(self) -> T | None:
        """Take the value out if there is one; never waits.

        Raises:
            SlotClosed: the slot was closed.
        """
        with self._changed:
            return None if self._value is None and not self._closed else self._pop()

    def wait_free(self) -> None:
        """Wait until the place is empty: work for it begun earlier would only be dropped.

        Raises:
            SlotClosed: the slot was closed, now or while waiting.
        """
        with self._changed:
            while self._value is not None and not self._closed:
                self._changed.wait()
            if self._closed:
                raise SlotClosed

    def _pop(self) -> T:
        if self._closed:
            raise SlotClosed
        value, self._value = self._value, None
        assert value is not None
        self._changed.notify_all()
        return value

    def close(self) -> None:
        """Drop what is inside and wake everybody who waits. May be called twice."""
        with self._changed:
            self._closed = True
            self._value = None
            self._changed.notify_all()


class OutputTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc publishes no types
    """The dressed video: hands the newest frame to the sender, with the clock of its input.

    Frames are never re-paced: when no new one comes, the sender waits.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._slot: NewestSlot[VideoFrame] = NewestSlot()
        self._arrived = asyncio.Event()

    @property
    def dropped(self) -> int:
        """Frames that the sender was too slow for."""
        return self._slot.dropped

    def deliver(self, frame: VideoFrame) -> bool:
        """Offer a frame from any thread; never waits. True when an older one was dropped."""
        replaced = self._slot.put(frame)
        call_in_loop(self._loop, self._arrived.set)
        return replaced

    async def recv(self) -> VideoFrame:
        """Wait for the next frame; called by the sender."""
        while self.readyState == "live":
            self._arrived.clear()  # before looking, so that no arrival is missed
            try:
                frame = self._slot.poll()
            except SlotClosed:
                break
            if frame is not None:
                return frame
            await self._arrived.wait()
        raise MediaStreamError

    def stop(self) -> None:
        """End the track; a waiting ``recv`` raises ``MediaStreamError``."""
        self._slot.close()
        self._arrived.set()
        super().stop()


def call_in_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Run ``function`` in the loop, from any thread; nothing happens once the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)


async def read_newest(track: MediaStreamTrack) -> tuple[VideoFrame, int]:
    """Wait for a frame of the camera and skip to the newest that is decoded.

    aiortc queues decoded frames without limit, so whoever only waits for the next one falls
    behind for good after any stall.

    Returns:
        The newest frame, and how many older ones were left out.

    Raises:
        MediaStreamError: the track has ended.
    """
    frame = await track.recv()
    skipped = 0
    queue = getattr(track, "_queue", None)  # not public; without it we read frame by frame
    while isinstance(queue, asyncio.Queue) and not queue.empty():
        newer = queue.get_nowait()
        if newer is None:  # the end of the track; leave it for the next recv
            queue.put_nowait(None)
            break
        frame, skipped = newer, skipped + 1
    return frame, skipped
