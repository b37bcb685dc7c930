"""When a session is over: every timer of it, without a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FORGIVEN_S = 0.2  # a loop that wakes later than this was held up


@dataclass(frozen=True, slots=True)
class Timing:
    """Deadlines and rhythms of a session, seconds; 0 switches ``idle`` and ``longest`` off."""

    connect: float = 14.0  # from the answer to an open connection
    frame: float = 10.0  # without a decoded frame the camera is gone
    heartbeat: float = 4.5  # without a ping, once the client has begun to send them
    silence: float = 5.0  # with neither frame nor ping the client was killed
    idle: float = 0.0  # with nobody dressed and no wish
    longest: float = 0.0  # of any session
    status: float = 0.5  # between two status messages
    close: float = 3.0  # for each part of the closing


class Overdue(StrEnum):
    """Which time ran out."""

    CONNECT = "never connected"
    FRAME = "no camera frame"
    HEARTBEAT = "heartbeat lost"
    SILENCE = "client silent"
    IDLE = "nobody there"
    LONGEST = "longest time reached"


class Deadlines:
    """Signs of life of one session. Times are monotonic seconds."""

    def __init__(self, timing: Timing, now_s: float) -> None:
        self._timing = timing
        self._began = self._asked_at = self._frame_at = self._active_at = now_s
        self._ping_at: float | None = None
        self._paused = False

    def frame(self, now_s: float) -> None:
        """A camera frame was decoded."""
        self._frame_at = now_s

    def ping(self, now_s: float) -> None:
        """The client gave a sign of life."""
        self._ping_at = now_s

    def active(self, now_s: float) -> None:
        """Somebody is dressed or asked for something."""
        self._active_at = now_s

    def pause(self, now_s: float, *, on: bool) -> None:
        """A paused page may stop its camera."""
        self._paused = on
        self._frame_at = now_s

    def forgive(self, late_s: float) -> None:
        """Move the deadlines by the time that the server itself was held up."""
        if late_s <= FORGIVEN_S:
            return
        self._asked_at += late_s
        self._frame_at += late_s
        self._active_at += late_s
        if self._ping_at is not None:
            self._ping_at += late_s

    def overdue(self, now_s: float, *, connected: bool) -> Overdue | None:
        """The first deadline that has passed, if any."""
        timing = self._timing
        if not connected:
            return Overdue.CONNECT if now_s - self._asked_at > timing.connect else None
        ping_at = self._ping_at
        if ping_at is not None and now_s - ping_at > timing.heartbeat:
            return Overdue.HEARTBEAT
        if not self._paused:
            if ping_at is None and now_s - self._frame_at > timing.silence:
                return Overdue.SILENCE
            if now_s - self._frame_at > timing.frame:
                return Overdue.FRAME
        if timing.idle and now_s - self._active_at > timing.idle:
            return Overdue.IDLE
        if timing.longest and now_s - self._began > timing.longest:
            return Overdue.LONGEST
        return None
