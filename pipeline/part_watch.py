"""Lets the parser look at a person now and then: often when they are new, else as they move."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.closing import Closing
from pipeline.compose.parts import BODY_POINTS, PartMaps
from pipeline.labels import Landmark
from pipeline.own_parse import OwnParse
from pipeline.structures import Frame, Image, Points, Pose

NEW_CALLS, NEW_EVERY_S = 4, 0.1  # the first looks at a person come soon after another
MOVING_EVERY_S, STILL_EVERY_S = 0.5, 1.0
MOVED = 0.25  # shoulder widths that a point of the body goes in a pose that is new
GONE_S = 1.0  # whoever comes after so long without anybody may be somebody else
THRIFTY = 2.0  # times less often when time is short


class Parser(Protocol):
    """Says what a person's parts are: ``OwnParser``, or what it said before."""

    def run(self, image: Image, pose: Pose, *, mirrored: bool = False) -> OwnParse:
        """See ``OwnParser.run``."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    frame: Frame
    pose: Pose
    scene: int
    visit: int  # changes whenever somebody else may have come
    mirrored: bool  # every second look: it errs elsewhere, and looks are averaged


class PartWatch(Closing):
    """Calls the parser for one camera.

    Frames are offered by one thread and what was seen is taken by another or by the same.

    Args:
        parser: may be shared with others.
        background: parse in a thread of its own, newest frame only, so that no frame waits.
            Otherwise a frame that is due is parsed at once: two runs then give the same.
    """

    def __init__(self, parser: Parser, *, background: bool = False) -> None:
        self._parser = parser
        self._state = threading.Condition()
        self._task: _Task | None = None
        self._seen: tuple[_Task, PartMaps] | None = None
        self._fault: Exception | None = None
        self._closed = False
        self._slower = 1.0
        self._scene = -1
        self._visit = 0
        self._calls = 0
        self._last: tuple[float, Points] | None = None  # when it looked, and at which pose
        self._offered_s = 0.0
        self._thread: threading.Thread | None = None
        if background:
            self._thread = threading.Thread(target=self._run, name="parts", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join()

    def economise(self, on: bool) -> None:
        """Look less often, or as usual again; from any thread."""
        self._slower = THRIFTY if on else 1.0

    def offer(self, frame: Frame, pose: Pose, scene: int) -> None:
        """Show a frame with a person; most are not looked at.

        Args:
            frame: the camera's picture.
            pose: of the person in it.
            scene: changes at every cut.
        """
        joints = pose.landmarks_px[BODY_POINTS]
        if not self._due(pose, joints, frame.time_s, scene):
            return
        self._last = frame.time_s, joints
        self._calls += 1
        task = _Task(frame, pose, scene, self._visit, mirrored=self._calls % 2 == 0)
        if self._thread is None:
            self._look(task)
            return
        with self._state:
            self._task = task
            self._state.notify_all()

    def take(self, scene: int, time_s: float) -> PartMaps | None:
        """What was seen since the last time, if it is of this scene and of who is there now.

        On a slow machine that may be of a second or two ago: parts are carried along with the
        body, and with old ones somebody is dressed better than not at all.

        Raises:
            Exception: whatever the parser stumbled over.
        """
        with self._state:
            fault, self._fault = self._fault, None
            if fault is not None:
                raise fault
            if self._seen is None or self._seen[0].scene > scene:
                return None
            (task, parts), self._seen = self._seen, None
        gone = time_s - self._offered_s > GONE_S
        fits = task.scene == scene and task.visit == self._visit and not gone
        return parts if fits else None

    def _due(self, pose: Pose, joints: Points, time_s: float, scene: int) -> bool:
        gone = time_s - self._offered_s > GONE_S
        self._offered_s = time_s
        if self._last is None or gone or scene != self._scene:
            self._scene, self._calls = scene, 0
            self._visit += 1
            return True
        then_s, then = self._last
        if self._calls < NEW_CALLS:
            return time_s - then_s >= NEW_EVERY_S
        ends = pose.landmarks_px[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
        width = max(float(np.hypot(*(ends[0] - ends[1]))), 1.0)
        moved = float(np.abs(joints - then).max()) > MOVED * width
        every_s = MOVING_EVERY_S if moved else STILL_EVERY_S
        return time_s - then_s >= every_s * self._slower

    def _look(self, task: _Task) -> None:
        parse = self._parser.run(task.frame.image, task.pose, mirrored=task.mirrored)
        parts = PartMaps.of(parse, task.pose, task.frame.time_s)
        with self._state:
            self._seen = task, parts

    def _run(self) -> None:
        while True:
            with self._state:
                while self._task is None and not self._closed:
                    self._state.wait()
                if self._closed or self._task is None:
                    return
                task, self._task = self._task, None
            try:
                self._look(task)
            except Exception as error:  # told to whoever takes, as a fault of a frame
                with self._state:
                    self._fault = error
