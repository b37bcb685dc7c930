"""What became of a session's frames, for its status."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.structures import Composite, LookKind, Reason

FPS_WINDOW_S = 2.0
MOMENTS = 240  # more than any camera sends in the window


@dataclass(frozen=True, slots=True)
class Progress:
    """How the worker is doing.

    Attributes:
        starting: the pipeline is still being made.
        paused: frames pass untouched on request.
        frames: frames delivered so far.
        fps: frames delivered per second, lately.
        dropped: frames left out between the steps so far.
        errors: frames that passed raw because a step failed.
        reason, look, look_age_ms, stage_ms: of the last frame.
    """

    starting: bool
    paused: bool
    frames: int
    fps: float
    dropped: int
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
        self.errors = 0
        self.broken = False  # the pipeline could not be made

    def add(
        self, reason: Reason | None, composite: Composite | None, stage_ms: Mapping[str, float]
    ) -> None:
        """A frame was delivered."""
        with self._lock:
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
                frames=self._frames,
                fps=lately / FPS_WINDOW_S,
                dropped=dropped,
                errors=self.errors,
                reason=self._reason,
                look=look,
                look_age_ms=look_age_ms,
                stage_ms=self._stage_ms,
            )
