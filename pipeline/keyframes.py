"""Keyframes for live sessions: made in one thread for all of them, and never waited for.

    session → desk.offer → [newest] ┐                       ┌ desk.look → session
    session → desk.offer → [newest] ┴→ one batch → make → … ┘

A session offers frames and goes on; of each session only the newest is kept. The room takes the
sessions that waited longest, makes their keyframes in one batch, and leaves the looks at their
desks. Whatever goes wrong, a session merely has no keyframe and wears its photo look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.looks.look import Look
from pipeline.structures import Frame, Garment, Pose

STILL = 0.06  # of a torso length: who moved no further is not rendered again
MAX_AGE_S = 5.0  # of the keyframe of somebody who moved since; then the photo look fits better
AGE_PER_BATCH = 3.0  # a slow machine's keyframes may be older: so many times the making itself
OLDEST_S = 60.0  # but no older
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # after a failure, doubled with each one in a row
_WATCHED = [
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_ELBOW,
    Landmark.RIGHT_ELBOW,
    Landmark.LEFT_WRIST,
    Landmark.RIGHT_WRIST,
    Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP,
]


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A frame that somebody would like to have as a keyframe.

    Attributes:
        frame: the camera picture.
        pose: of the person in it.
        garment: to wear.
        taken_s: when it was offered, seconds on the room's clock.
    """

    frame: Frame
    pose: Pose
    garment: Garment
    taken_s: float


class KeyedLook(Look, Protocol):
    """A look made from one frame of the very video it is drawn on: a keyframe's."""

    @property
    def time_s(self) -> float:
        """Time of that frame on the video's clock."""
        ...

    def carries(self, pose: Pose) -> bool:
        """Whether it can still be bent to a pose."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Keylook:
    """A keyframe as a look, ready to draw.

    Attributes:
        look: bound to the body of the keyframe.
        garment: that it shows.
        pose: of the keyframe.
        taken_s: when its camera picture was offered, seconds on the room's clock.
    """

    look: KeyedLook
    garment: Garment
    pose: Pose
    taken_s: float


class Maker(Protocol):
    """Makes the keyframes of a batch; called in the room's thread.

    It should return early, with anything, once ``stopping`` is set. An exception counts as a
    failure of the whole batch; None as "nothing to dress in this frame".
    """

    def __call__(
        self, wishes: Sequence[Wish], stopping: threading.Event, /
    ) -> Sequence[KeyedLook | None]:
        """Return one look, or None, per wish."""


class KeyframeRoom:
    """The thread that makes keyframes, and the desks of the sessions it serves.

    Args:
        make: the work itself.
        batch: most keyframes to make at once.
        interval_s: least time between two keyframes of one session.
        busy: asked after every batch for the largest share of the time to spend on keyframes now,
            above 0 to 1; the rest is left to frames.
        on_fault: told of every failure, in the room's thread.
        clock: seconds; monotonic.
    """

    def __init__(
        self,
        make: Maker,
        *,
        batch: int = 1,
        interval_s: float = 0.5,
        busy: Callable[[], float] = lambda: 1.0,
        on_fault: Callable[[Exception], None] = lambda error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if batch < 1:
            raise ValueError(f"batch must be >= 1, got {batch}")
        self._make = make
        self._batch = batch
        self._interval_s = interval_s
        self._busy = busy
        self._on_fault = on_fault
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._desks: list[KeyframeDesk] = []
        self._failures = 0
        self._resume_s = 0.0
        self._took_s = 0.0
        self._thread = threading.Thread(target=self._run, name="keyframes", daemon=True)
        self._thread.start()

    def desk(self) -> KeyframeDesk:
        """Serve one more session; it closes its desk at its end."""
        desk = KeyframeDesk(self)
        with self._changed:
            self._desks.append(desk)
        return desk

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop, also in the middle of a batch. May be called twice.

        Returns:
            False when the present batch did not end within ``timeout_s``; it is left behind.
        """
        self._stopping.set()
        with self._changed:
            for desk in self._desks:
                desk._forget()
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def failing(self) -> bool:
        """Whether the last batch failed; sessions wear their photo looks meanwhile."""
        return self._failures > 0

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping.is_set() or self._waiting())
                if self._stopping.is_set():
                    return
                batch = self._gather()
            begin = self._clock()
            self._serve(batch)
            del batch  # holds camera pictures
            self._took_s = self._clock() - begin
            pause_s = max(rest_s(self._took_s, self._busy()), self._resume_s - self._clock())
            self._stopping.wait(pause_s)

    def _waiting(self) -> list[KeyframeDesk]:
        return [desk for desk in self._desks if desk._wish is not None]

    def _gather(self) -> list[tuple[KeyframeDesk, Wish]]:
        """Take the wishes of the sessions that waited longest; the lock is held."""
        waiting = sorted(self._waiting(), key=lambda desk: desk._served_s)
        return [(desk, desk._take()) for desk in waiting[: self._batch]]

    def _serve(self, batch: list[tuple[KeyframeDesk, Wish]]) -> None:
        wishes = [wish for _, wish in batch]
        try:
            looks = self._make(wishes, self._stopping)
            if self._stopping.is_set():
                return
            made = list(zip(batch, looks, strict=True))
        except Exception as error:  # sessions go on with their photo looks
            self._fail(error)
            return
        with self._changed:
            self._failures = 0
            for (desk, wish), look in made:
                if look is not None and wish.taken_s >= desk._since_s:
                    desk._made = Keylook(look, wish.garment, wish.pose, wish.taken_s)

    def _fail(self, error: Exception) -> None:
        with self._changed:
            pause_s = min(FIRST_PAUSE_S * 2.0**self._failures, LONGEST_PAUSE_S)
            self._failures = min(self._failures + 1, 16)
            self._resume_s = self._clock() + pause_s
            for desk in self._desks:
                desk._wish = None  # would be stale after the pause
        self._on_fault(error)

    @property
    def _oldest_s(self) -> float:
        return min(max(MAX_AGE_S, AGE_PER_BATCH * self._took_s), OLDEST_S)


class KeyframeDesk:
    """One session's end of the room. ``offer`` and ``look`` never wait for a keyframe."""

    def __init__(self, room: KeyframeRoom) -> None:
        self._room = room
        self._wish: Wish | None = None
        self._made: Keylook | None = None
        self._served_s = float("-inf")
        self._since_s = float("-inf")  # keyframes of earlier frames show somebody else

    def offer(self, frame: Frame, pose: Pose, garment: Garment) -> bool:
        """Offer a frame; it replaces one that was offered before and not taken yet.

        Returns:
            False when no keyframe is due: the last one is fresh, or the person is still.
        """
        room = self._room
        with room._changed:
            now = room._clock()
            if room._stopping.is_set() or not self._due(pose, garment, now):
                return False
            self._wish = Wish(frame, pose, garment, now)
            room._changed.notify_all()
            return True

    def look(self, pose: Pose, garment: Garment) -> Keylook | None:
        """The newest keyframe that shows this garment and is still good for this pose."""
        room = self._room
        with room._changed:
            made = self._made
            if made is None or made.garment is not garment:
                return None
            stale = room._clock() - made.taken_s > room._oldest_s
            return None if stale and moved(made.pose, pose) else made

    def reset(self) -> None:
        """Forget the person: another one may stand there now."""
        with self._room._changed:
            self._forget()

    def close(self) -> None:
        """Leave the room. A keyframe that is being made for this desk is thrown away."""
        room = self._room
        with room._changed:
            self._forget()
            self._since_s = float("inf")
            if self in room._desks:
                room._desks.remove(self)

    def _take(self) -> Wish:
        wish, self._wish = self._wish, None
        assert wish is not None
        self._served_s = self._room._clock()
        return wish

    def _forget(self) -> None:
        self._wish = None
        self._made = None
        self._since_s = max(self._since_s, self._room._clock())

    def _due(self, pose: Pose, garment: Garment, now: float) -> bool:
        room, made = self._room, self._made
        if max(room._resume_s, self._since_s, self._served_s + room._interval_s) > now:
            return False
        return made is None or made.garment is not garment or moved(made.pose, pose)


def rest_s(took_s: float, busy: float) -> float:
    """How long to leave the machine to others after work of ``took_s``; ``busy`` is 0..1."""
    return took_s * (1.0 / busy - 1.0)


def moved(before: Pose, after: Pose) -> bool:
    """Whether any joint of torso or arms moved far enough to be worth another keyframe."""
    seen = np.minimum(before.visibility, after.visibility)[_WATCHED] >= MIN_VISIBILITY
    steps = np.hypot(*(after.landmarks_px - before.landmarks_px)[_WATCHED].T)
    return bool(np.any(steps[seen] > STILL * _torso_px(after)))


def _torso_px(pose: Pose) -> float:
    """Shoulder line to hip line, or the shoulders' width where that is longer."""
    joints = pose.landmarks_px
    shoulders = joints[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
    hips = joints[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]]
    length = float(np.hypot(*(shoulders.mean(axis=0) - hips.mean(axis=0))))
    return max(length, float(np.hypot(*(shoulders[0] - shoulders[1]))), 1.0)
