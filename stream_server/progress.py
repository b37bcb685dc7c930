"""What became of a session's frames, for its status."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.structures import Composite, LookKind, Reason

FPS_WINDOW_S = 2.0
BUSY_SHARE = 0.1  # of the newest frame in the running mean of a step's time
MOMENTS = 240  # more than any camera sends in the window


@dataclass(frozen=True, slots=True)
class Progress:
    """How the worker is doing.

    Attributes:
        starting: the pipeline is still being made.
        paused: frames pass untouched on request.
        received: camera frames that came in so far.
        frames: frames delivered so far.
        fps: frames delivered per second, lately.
        dropped: frames left out between the steps so far.
        busy_ms: time of the slower step for one frame, lately.
        errors: frames that passed raw because a step failed.
        reason, look, look_age_ms, stage_ms: of the last frame.
    """

    starting: bool
    paused: bool
    received: int
    frames: int
    fps: float
    dropped: int
    busy_ms: float
    errors: int
    reason: Reason | None
    look: LookKind
    look_age_ms: float | None
    stage_ms: Mapping[str, float]


class Record:
    """What became of the frames; written by the dress thread, read by the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: deque[float] = deque(maxlen=MOMENTS)
        self._frames = 0
        self._reason: Reason | None = None
        self._composite: tuple[LookKind, float | None] = ("none", None)
        self._stage_ms: Mapping[str, float] = {}
        self._busy_ms = 0.0
        self.received = 0
        self.errors = 0
        self.broken = False  # the pipeline could not be made

    def add(
        self,
        reason: Reason | None,
        composite: Composite | None,
        stage_ms: Mapping[str, float],
        busy_ms: float = 0.0,
    ) -> None:
        """A frame was delivered; its slower step took ``busy_ms``."""
        with self._lock:
            self._busy_ms += BUSY_SHARE * (busy_ms - self._busy_ms)
            self._frames += 1
            self._moments.append(time.monotonic())
            self._reason = Reason.WORKER_ERROR if self.broken else reason
            self._stage_ms = stage_ms
            shown = composite is not None and composite.dressed
            self._composite = (
                (composite.look, composite.look_age_ms) if composite and shown else ("none", None)
            )

    def progress(self, *, starting: bool, paused: bool, dropped: int) -> Progress:
        """A consistent snapshot."""
        with self._lock:
            look, look_age_ms = self._composite
            since = time.monotonic() - FPS_WINDOW_S
            lately = sum(moment > since for moment in self._moments)
            return Progress(
                starting=starting,
                paused=paused,
                received=self.received,
                frames=self._frames,
                fps=lately / FPS_WINDOW_S,
                dropped=dropped,
                busy_ms=self._busy_ms,
                errors=self.errors,
                reason=self._reason,
                look=look,
                look_age_ms=look_age_ms,
                stage_ms=self._stage_ms,
            )
