from __future__ import annotations

import asyncio
import fractions
import threading
import time
from typing import Any

import numpy as np
import pytest
from av import VideoFrame

from pipeline.structures import Composite, Frame, Garment
from stream_server.frames import SourceClock, fitting_size, to_picture
from stream_server.metrics import Metrics
from stream_server.worker import FrameWorker


class TwoStepLive:
    """Records the order of its calls; either step can be held up."""

    def __init__(self) -> None:
        self.observed: list[float] = []
        self.dressed: list[float] = []
        self.gate = threading.Event()
        self.gate.set()
        self.dressing = threading.Event()
        self.closed = False

    def observe(self, frame: Frame) -> Frame:
        self.observed.append(frame.time_s)
        return frame

    def dress(self, observation: Frame) -> Composite:
        self.dressing.set()
        self.gate.wait()
        self.dressed.append(observation.time_s)
        inverted = 255 - observation.image
        mask = np.full(inverted.shape[:2], 255, np.uint8)
        return Composite(inverted, mask, look="photo", opacity=1.0)

    def select(self, garment: Garment | None) -> None: ...

    def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(self, live: TwoStepLive) -> None:
        self.live = live
        self.out: list[VideoFrame] = []
        self.worker = FrameWorker(lambda: live, self._deliver, Metrics(), "bench")

    def _deliver(self, frame: VideoFrame) -> bool:
        self.out.append(frame)
        return False

    def submit(self, number: int, **more: Any) -> None:
        self.worker.submit(grey(number, **more))

    async def until_out(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.out) < count:
            assert time.monotonic() < deadline, f"{len(self.out)} of {count} frames came out"
            await asyncio.sleep(0.005)


def grey(number: int, size_wh: tuple[int, int] = (64, 48)) -> VideoFrame:
    image = np.full((size_wh[1], size_wh[0], 3), 60, np.uint8)
    image[:, : size_wh[0] // 2] = 200
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = number * 3000, fractions.Fraction(1, 90_000)
    return frame


async def test_frames_come_out_dressed_with_their_clock_and_format() -> None:
    bench = Bench(TwoStepLive())
    assert await bench.worker.started()
    for number in range(5):
        bench.submit(number)
        await bench.until_out(number + 1)
    assert [frame.pts for frame in bench.out] == [0, 3000, 6000, 9000, 12000]
    assert {frame.format.name for frame in bench.out} == {"yuv420p"}
    assert abs(int(to_picture(bench.out[0], mirrored=False).image[24, 10, 0]) - 55) < 6
    assert bench.live.observed == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30, 4 / 30], abs=1e-6)
    assert await bench.worker.close(2)
    assert bench.live.closed


async def test_one_frame_is_observed_ahead_of_the_one_being_dressed_and_no_more() -> None:
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    bench.live.gate.clear()
    for number in range(4):
        bench.submit(number)
        await asyncio.sleep(0.05)
    assert len(bench.live.observed) == 2  # a pose found for a frame that is dropped is wasted
    assert bench.live.dressed == []
    bench.live.gate.set()
    await bench.until_out(3)
    assert [frame.pts for frame in bench.out] == [0, 3000, 9000]  # 6000 made way for the newest
    assert bench.worker.progress().dropped == 1
    await bench.worker.close(2)


@pytest.mark.parametrize("size_wh", [(64, 48), (63, 47), (2, 2), (320, 180)])
async def test_any_size_passes_also_changing_from_frame_to_frame(size_wh: tuple[int, int]) -> None:
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    bench.submit(0)
    await bench.until_out(1)
    bench.submit(1, size_wh=size_wh)
    await bench.until_out(2)
    assert (bench.out[1].width, bench.out[1].height) == size_wh
    assert bench.worker.progress().errors == 0
    await bench.worker.close(2)


async def test_a_mirrored_picture_is_flipped_before_the_pipeline_sees_it() -> None:
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    bench.worker.mirror(True)
    bench.submit(0)
    await bench.until_out(1)
    out = to_picture(bench.out[0], mirrored=False).image
    assert out[24, 10, 0] > 150  # inverted from 60, which was on the right
    assert out[24, 54, 0] < 100
    await bench.worker.close(2)


async def test_pausing_hands_out_the_decoded_frame_itself() -> None:
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    bench.worker.pause(True)
    frame = grey(0)
    bench.worker.submit(frame)
    await bench.until_out(1)
    assert bench.out[0] is frame
    assert bench.live.observed == []
    await bench.worker.close(2)


async def test_closing_twice_and_submitting_afterwards_is_harmless() -> None:
    bench = Bench(TwoStepLive())
    assert await bench.worker.close(2)
    assert await bench.worker.close(2)
    bench.submit(0)
    await asyncio.sleep(0.02)
    assert bench.out == []


async def test_a_pipeline_still_being_made_is_no_step_that_hangs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, live = threading.Event(), TwoStepLive()

    def make() -> TwoStepLive:
        made.wait()
        return live

    worker = FrameWorker(make, lambda _: False, Metrics(), "bench")
    assert not await worker.close(0.05)
    assert caplog.records == []
    made.set()
    assert await worker.close(2)
    assert live.closed  # by the thread that made it


async def test_a_step_that_hangs_is_told(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    bench.live.gate.clear()
    bench.submit(0)
    assert await asyncio.to_thread(bench.live.dressing.wait, 5)
    assert not await bench.worker.close(0.05)
    assert "a step did not end in time" in caplog.text
    bench.live.gate.set()
    assert await bench.worker.close(2)


def test_source_times_always_grow() -> None:
    clock = SourceClock()
    frames = [grey(n) for n in (0, 3, 3, 1, 4)]
    times = [clock.seconds(frame) for frame in frames]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert times[1] == pytest.approx(0.1)
    assert times[4] == pytest.approx(4 / 30)


@pytest.mark.parametrize(
    ("size_wh", "fitting_wh"),
    [
        ((640, 480), (640, 480)),
        ((1280, 720), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((4000, 3), (1280, 2)),
    ],
)
async def test_very_large_frames_go_out_smaller_dressed_or_not(
    size_wh: tuple[int, int], fitting_wh: tuple[int, int]
) -> None:
    assert fitting_size(*size_wh) == fitting_wh
    bench = Bench(TwoStepLive())
    await bench.worker.started()
    for number, paused in enumerate((False, True)):
        bench.worker.pause(paused)
        bench.submit(number, size_wh=size_wh)
        await bench.until_out(number + 1)
        assert (bench.out[-1].width, bench.out[-1].height) == fitting_wh
    await bench.worker.close(2)
