"""How much picture a session can afford: ladders that it goes down quickly and up with care.

A bad line gets a smaller picture. A busy server gets fewer frames of the same picture, since most
of its work on a frame costs the same at any size (480 rows 36 ms, 360 rows 34 ms, 240 rows 27 ms),
while a frame that comes only to be left out costs both ends its encoding and decoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Cause = Literal["server", "line"]

TOO_MANY_LEFT_OUT = 0.35  # of the frames: the eye sees the mirror lag below two of three
FEW_LEFT_OUT = 0.10
HEAVY_LOSS, LITTLE_LOSS = 0.08, 0.03  # up to 3 % is repaired without anybody seeing it
SLOW_S, QUICK_S = 0.6, 0.3  # round trip: a queue has built up on the line, or not
BAD_S = 3.0  # trouble that passes by itself, such as an outage of a second, is no reason
SETTLE_S = 3.0  # until a change shows in what is measured
GOOD_S = 8.0  # before a step up
RELAPSE_S = 10.0  # a step up that had to be taken back so soon was a mistake
MAX_PATIENCE = 8  # times GOOD_S, after mistakes
FORGIVE_S = 60.0  # a step up that lasts so long was none
MIN_FPS = 3.0  # below, the camera pauses or starts: nothing can be judged
HEADROOM = 0.95  # of a step's time that the next rung may be expected to need


@dataclass(frozen=True, slots=True)
class Quality:
    """What a camera should send: sides times ``scale``, frames per second, kilobits per second."""

    scale: float
    fps: int
    kbps: int


FULL = Quality(1.0, 30, 1500)
Ladders = Mapping[Cause, Sequence[Quality]]
LADDERS: Ladders = {
    "line": (FULL, Quality(0.75, 24, 900), Quality(0.5, 15, 400)),
    "server": (FULL, Quality(1.0, 20, 1200), Quality(1.0, 15, 1000)),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What was measured over the last second or so.

    Attributes:
        fps: frames that arrived, per second.
        left_out: share of them that the server dropped because it was busy, 0 to 1.
        work_ms: time of the slower of the two steps for one frame.
        loss: share of packets that were lost, in the worse direction, 0 to 1.
        round_trip_s: of the line; None while unknown.
    """

    fps: float
    left_out: float
    work_ms: float
    loss: float = 0.0
    round_trip_s: float | None = None

    @property
    def trouble(self) -> Cause | None:
        """What is too slow, if anything."""
        if self.left_out > TOO_MANY_LEFT_OUT:
            return "server"
        if self.loss > HEAVY_LOSS or (self.round_trip_s or 0.0) > SLOW_S:
            return "line"
        return None

    @property
    def easy(self) -> bool:
        """Whether everything runs with room to spare."""
        return (
            self.left_out < FEW_LEFT_OUT
            and self.loss < LITTLE_LOSS
            and (self.round_trip_s or 0.0) < QUICK_S
        )


class Governor:
    """Decides when to change the rung; has no clock and no connection of its own.

    Attributes:
        cause: what made it go down the last time.
    """

    def __init__(self, ladders: Ladders = LADDERS) -> None:
        self._ladders = ladders
        self._rungs: dict[Cause, int] = dict.fromkeys(ladders, 0)
        self._bad_since: float | None = None
        self._good_since: float | None = None
        self._changed_at = self._raised_at = float("-inf")
        self._patience = 1
        self._next_up: Cause | None = None
        self.cause: Cause | None = None

    @property
    def quality(self) -> Quality:
        """What the rungs it stands on allow together."""
        return self._at(self._rungs)

    def _at(self, rungs: Mapping[Cause, int]) -> Quality:
        allowed = [self._ladders[cause][rung] for cause, rung in rungs.items()]
        return Quality(
            min(q.scale for q in allowed), min(q.fps for q in allowed), min(q.kbps for q in allowed)
        )

    def update(self, now_s: float, seen: Conditions) -> Cause | Literal["up"] | None:
        """Judge what was measured.

        Args:
            now_s: monotonic time.
            seen: the newest measurement.

        Returns:
            Why a step down is due, ``up`` when a step up may be tried, None to stay. Nothing
            changes before ``lower`` or ``rise``.
        """
        if seen.fps < MIN_FPS or now_s - self._changed_at < SETTLE_S:
            self._bad_since = self._good_since = None
            return None
        trouble = seen.trouble
        self._bad_since = self._since(trouble is not None, self._bad_since, now_s)
        self._good_since = self._since(seen.easy, self._good_since, now_s)
        if now_s - self._raised_at > FORGIVE_S:
            self._patience = 1
        if self._bad_since is not None and now_s - self._bad_since >= BAD_S:
            self.cause = trouble
            return trouble
        waited = self._good_since is not None and (
            now_s - self._good_since >= GOOD_S * self._patience
        )
        if not waited:
            return None
        lowered = [cause for cause, rung in self._rungs.items() if rung > 0]
        self._next_up = next((c for c in lowered if self._affordable(seen, c)), None)
        return "up" if self._next_up is not None or not lowered else None

    @staticmethod
    def _since(holds: bool, since: float | None, now_s: float) -> float | None:
        return (now_s if since is None else since) if holds else None

    def _affordable(self, seen: Conditions, cause: Cause) -> bool:
        """Whether the server would keep up one rung higher. At most all work grows with height."""
        above = self._at({**self._rungs, cause: self._rungs[cause] - 1})
        work_ms = seen.work_ms * above.scale / self.quality.scale
        return work_ms * above.fps <= 1000 * HEADROOM

    def note_change(self, now_s: float, *, raised: bool = False) -> None:
        """Something else was changed: measure anew before the next judgement."""
        self._changed_at = now_s
        self._bad_since = self._good_since = None
        if raised:
            self._raised_at = now_s

    def lower(self, now_s: float, cause: Cause) -> bool:
        """Go down because of something; False on that ladder's lowest rung."""
        if now_s - self._raised_at < RELAPSE_S:
            self._patience = min(2 * self._patience, MAX_PATIENCE)
        return self._move(now_s, cause, 1)

    def rise(self, now_s: float) -> bool:
        """Go up where ``update`` saw that it may be tried; False when nothing is lowered."""
        moved = self._next_up is not None and self._move(now_s, self._next_up, -1)
        if moved:
            self._raised_at = now_s
        return moved

    def _move(self, now_s: float, cause: Cause, by: int) -> bool:
        self.note_change(now_s)
        self._next_up = None
        rung = min(max(self._rungs[cause] + by, 0), len(self._ladders[cause]) - 1)
        moved = rung != self._rungs[cause]
        self._rungs[cause] = rung
        return moved
