"""The work of one session, in two threads of its own: observe a frame, then dress it.

    submit → [newest] → observe: decode, find the pose → [newest] → dress: draw, encode → deliver

While one frame is dressed the next one is already observed, so that two cores are used. Whatever
goes wrong with a frame, the camera's own picture passes and the fault is counted: the stream
never stops.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from av import VideoFrame
from av.video.reformatter import VideoReformatter

from pipeline.structures import Composite, Frame, Garment, Image, Reason
from stream_server.engine import Live
from stream_server.errors import where
from stream_server.frames import (
    Picture,
    SourceClock,
    goes_out_as_it_is,
    to_frame,
    to_picture,
)
from stream_server.logs import SessionLog
from stream_server.metrics import Metrics
from stream_server.progress import Progress, Record
from stream_server.tracks import NewestSlot, SlotClosed, call_in_loop

log = logging.getLogger(__name__)


class Arrival(NamedTuple):
    """A camera frame and when it came in, monotonic seconds."""

    source: VideoFrame
    at_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame between the two threads.

    Attributes:
        source: the frame as it was decoded, with the clock that goes out again.
        at_s: when it came in.
        picture: the same as RGB; None when that failed or was not needed.
        observation: what the first step found; None passes the frame untouched.
        reason: why it passes untouched, if it is worth telling.
        stage_ms: wall time of our own steps so far.
        observe_ms: wall time of the whole first step.
    """

    source: VideoFrame
    at_s: float
    picture: Picture | None = None
    observation: Any = None
    reason: Reason | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    observe_ms: float = 0.0


class FrameWorker:
    """Owns the two threads and the pipeline of one session.

    Args:
        make_live: makes the pipeline; called in the first thread, may take seconds. None when the
            worker was closed meanwhile.
        deliver: takes a finished frame, from the second thread; True when it dropped another.
        metrics: where to count.
        label: how to name the session in the log.
    """

    def __init__(
        self,
        make_live: Callable[[], Live | None],
        deliver: Callable[[VideoFrame], bool],
        metrics: Metrics,
        label: str,
    ) -> None:
        self._make_live = make_live
        self._deliver = deliver
        self._metrics = metrics
        self._label = label
        self._log = SessionLog(log, label)
        self._loop = asyncio.get_running_loop()
        self._started = asyncio.Event()
        self._finished = asyncio.Event()
        self._live: Live | None = None
        self._fresh: NewestSlot[Arrival] = NewestSlot()
        self._seen: NewestSlot[Seen] = NewestSlot()
        self._paused = False
        self._mirrored = False
        self._clock = SourceClock()
        self._record = Record()
        self._known_faults: set[str] = set()
        self._observer = self._thread(self._run_observe, "observe")
        self._dresser = self._thread(self._run_dress, "dress")
        self._observer.start()
        self._dresser.start()

    def _thread(self, target: Callable[[], None], step: str) -> threading.Thread:
        # daemon: a step that hangs in native code must not keep the process from ending
        return threading.Thread(target=target, name=f"{step}-{self._label}", daemon=True)

    def submit(self, frame: VideoFrame) -> None:
        """Offer a camera frame, from the event loop; never waits."""
        self._metrics.frame_in()
        self._record.received += 1
        arrival = Arrival(frame, time.monotonic())
        if self._live is None:  # the picture is there at once, the garment a moment later
            self._hand_on(Seen(*arrival))
        elif self._fresh.put(arrival):
            self._metrics.dropped("observe")

    def _hand_on(self, seen: Seen) -> None:
        if self._seen.put(seen):
            self._metrics.dropped("dress")

    async def started(self) -> bool:
        """Wait for the pipeline; False when it could not be made or the worker was closed."""
        await self._started.wait()
        return self._live is not None

    def select(self, garment: Garment | None) -> None:
        """Wear a garment from the next frame on. Takes a moment: call it in a thread.

        Raises:
            NotSupported: this garment cannot be dressed yet; the old one stays.
        """
        live = self._live
        if live is not None:
            live.select(garment)

    def pause(self, on: bool) -> None:
        """Let frames pass untouched, or dress them again."""
        self._paused = on

    def mirror(self, on: bool) -> None:
        """Flip every picture horizontally before anything else, or stop doing so."""
        self._mirrored = on

    def economise(self, on: bool) -> bool:
        """Ask the pipeline to do less per frame, or all again; False if that changes nothing."""
        ask = getattr(self._live, "economise", None)  # only some pipelines can do less
        return bool(ask is not None and ask(on))

    def progress(self) -> Progress:
        """How the worker is doing."""
        return self._record.progress(
            starting=not self._started.is_set(),
            paused=self._paused,
            dropped=self._fresh.dropped + self._seen.dropped,
        )

    async def close(self, timeout_s: float) -> bool:
        """End both threads and free the pipeline. May be called twice.

        Returns:
            False when a step did not come back within ``timeout_s``; it is then left behind. A
            pipeline that is still being made then frees itself as soon as it is there.
        """
        self._fresh.close()
        self._seen.close()
        try:
            await asyncio.wait_for(self._finished.wait(), timeout_s)
        except TimeoutError:
            if self._started.is_set():  # otherwise nothing hangs: making one takes seconds
                self._log.warning("a step did not end in time")
            return False
        return True

    def _run_observe(self) -> None:
        live: Live | None = None
        try:
            live = self._open()
            while True:
                self._seen.wait_free()  # then the newest: a pose nobody waits for costs as much
                self._hand_on(self._observe(live, self._fresh.take()))
        except SlotClosed:
            pass
        finally:
            self._seen.close()
            self._dresser.join()
            if live is not None:
                live.close()
            call_in_loop(self._loop, self._started.set)
            call_in_loop(self._loop, self._finished.set)

    def _open(self) -> Live | None:
        live: Live | None = None
        try:
            live = self._make_live()
        except Exception as error:  # without a pipeline the camera's picture still passes
            self._fault("start", error)
            self._record.broken = True
        self._live = live
        call_in_loop(self._loop, self._started.set)
        return live

    def _observe(self, live: Live | None, arrival: Arrival) -> Seen:
        source, at_s = arrival
        picture: Picture | None = None
        begin = time.perf_counter()
        try:
            picture = to_picture(source, mirrored=self._mirrored)
            stage_ms = {"decode": _ms_since(begin)}
            if self._paused or live is None:
                return Seen(source, at_s, picture, stage_ms=stage_ms)
            found = live.observe(Frame(picture.image, self._clock.seconds(source)))
            took_ms = _ms_since(begin)
            return Seen(source, at_s, picture, found, stage_ms=stage_ms, observe_ms=took_ms)
        except Exception as error:
            self._fault("observe", error)
            return Seen(source, at_s, picture, reason=Reason.WORKER_ERROR)

    def _run_dress(self) -> None:
        reformatter = VideoReformatter()
        try:
            while True:
                self._finish(self._seen.take(), reformatter)
        except SlotClosed:
            pass

    def _finish(self, seen: Seen, reformatter: VideoReformatter) -> None:
        start = time.perf_counter()
        composite = self._dress(seen)
        begin = time.perf_counter()
        try:
            dressed = composite is not None and composite.dressed
            image = composite.image if composite and dressed else self._raw(seen)
            frame = seen.source if image is None else to_frame(image, seen.source, reformatter)
        except Exception as error:
            self._fault("encode", error)
            frame = seen.source
        own_ms = {**seen.stage_ms, "convert": _ms_since(begin)}
        if self._deliver(frame):
            self._metrics.dropped("send")
        self._metrics.frame_age(time.monotonic() - seen.at_s)
        self._note(seen, composite, own_ms, max(seen.observe_ms, _ms_since(start)))

    def _dress(self, seen: Seen) -> Composite | None:
        live = self._live
        if live is None or seen.observation is None:
            return None
        try:
            return live.dress(seen.observation)
        except Exception as error:
            self._fault("dress", error)
            return None

    def _raw(self, seen: Seen) -> Image | None:
        """The camera's picture as RGB; None when the decoded frame itself can go out."""
        picture = seen.picture
        if picture is None:
            if goes_out_as_it_is(seen.source, mirrored=self._mirrored):
                return None
            picture = to_picture(seen.source, mirrored=self._mirrored)
        return picture.image if picture.altered else None

    def _note(
        self, seen: Seen, composite: Composite | None, own_ms: dict[str, float], busy_ms: float
    ) -> None:
        failed = seen.observation is not None and composite is None
        reason = Reason.WORKER_ERROR if failed else seen.reason
        if composite is not None:
            reason = composite.reason
            own_ms = {**own_ms, **composite.stage_ms}
            if composite.look_age_ms is not None:
                self._metrics.keyframe_age(composite.look_age_ms)
        self._record.add(reason, composite, own_ms, busy_ms)
        dressed = composite is not None and composite.dressed
        self._metrics.frame_out("dressed" if dressed else (reason or "passed"))
        for name, milliseconds in own_ms.items():
            self._metrics.stage(name, milliseconds)

    def _fault(self, step: str, error: Exception) -> None:
        """Count a fault; log each kind once a session, without anything of the picture."""
        self._metrics.worker_error(step)
        self._record.errors += 1
        what = f"{step}: {where(error)}"
        if what not in self._known_faults:
            self._known_faults.add(what)
            self._log.error("%s; the frame passed untouched", what)


def _ms_since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
