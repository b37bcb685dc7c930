from __future__ import annotations

import asyncio
import threading

import pytest
from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from stream_server.tracks import NewestSlot, OutputTrack, SlotClosed, read_newest


def numbered(pts: int) -> VideoFrame:
    frame = VideoFrame(16, 16, "yuv420p")
    frame.pts = pts
    return frame


def test_the_newest_value_wins_and_drops_are_counted() -> None:
    slot: NewestSlot[int] = NewestSlot()
    assert slot.poll() is None
    assert [slot.put(value) for value in (1, 2, 3)] == [False, True, True]
    assert slot.take() == 3
    assert slot.poll() is None
    assert slot.dropped == 2


def test_closing_wakes_whoever_waits_and_refuses_more() -> None:
    slot: NewestSlot[int] = NewestSlot()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(SlotClosed):
            slot.take()
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    slot.close()
    slot.close()
    thread.join(2)
    assert ended.is_set()
    assert slot.put(1) is False
    with pytest.raises(SlotClosed):
        slot.poll()


def test_a_slot_hands_over_between_threads_in_order() -> None:
    slot: NewestSlot[int] = NewestSlot()
    seen: list[int] = []

    def consume() -> None:
        while not seen or seen[-1] != 1999:
            seen.append(slot.take())

    thread = threading.Thread(target=consume)
    thread.start()
    for value in range(2000):
        slot.put(value)
    thread.join(5)
    assert seen[-1] == 1999
    assert seen == sorted(set(seen))
    assert len(seen) + slot.dropped == 2000


def test_waiting_for_a_free_place_ends_when_the_value_is_taken_or_the_slot_closes() -> None:
    slot: NewestSlot[int] = NewestSlot()
    slot.wait_free()  # empty from the start
    slot.put(1)
    freed = threading.Event()

    def wait() -> None:
        slot.wait_free()
        freed.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not freed.wait(0.05)
    slot.take()
    assert freed.wait(2)
    waiter.join()
    slot.close()
    with pytest.raises(SlotClosed):
        slot.wait_free()


async def test_the_output_track_sends_the_newest_and_waits_for_more() -> None:
    track = OutputTrack()
    track.deliver(numbered(1))
    assert track.deliver(numbered(2)) is True
    assert (await track.recv()).pts == 2
    waiting = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await asyncio.to_thread(track.deliver, numbered(3))
    assert (await asyncio.wait_for(waiting, 1)).pts == 3
    assert track.dropped == 1


async def test_stopping_the_output_track_ends_a_waiting_sender() -> None:
    track = OutputTrack()
    waiting = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0.01)
    track.stop()
    with pytest.raises(MediaStreamError):
        await asyncio.wait_for(waiting, 1)
    with pytest.raises(MediaStreamError):
        await track.recv()


class QueuedTrack(VideoStreamTrack):
    """A remote track as aiortc makes it: frames wait in a queue, None is the end."""

    def __init__(self, *frames: VideoFrame | None) -> None:
        super().__init__()
        self._queue: asyncio.Queue[VideoFrame | None] = asyncio.Queue()
        for frame in frames:
            self._queue.put_nowait(frame)

    async def recv(self) -> VideoFrame:
        frame = await self._queue.get()
        if frame is None:
            raise MediaStreamError
        return frame


async def test_the_reader_skips_to_the_newest_frame() -> None:
    frame, skipped = await read_newest(QueuedTrack(numbered(1), numbered(2), numbered(3)))
    assert (frame.pts, skipped) == (3, 2)


async def test_the_reader_still_sees_the_end_after_the_last_frame() -> None:
    track = QueuedTrack(numbered(1), numbered(2), None)
    frame, skipped = await read_newest(track)
    assert (frame.pts, skipped) == (2, 1)
    with pytest.raises(MediaStreamError):
        await read_newest(track)


async def test_the_reader_works_without_the_private_queue() -> None:
    class Plain(VideoStreamTrack):
        async def recv(self) -> VideoFrame:
            return numbered(4)

    assert (await read_newest(Plain()))[0].pts == 4
