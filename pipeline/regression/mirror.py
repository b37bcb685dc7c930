"""What is under test: a mirror whose last pose can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline.live import LiveTryOn, Observation
from pipeline.structures import Composite, Frame, Garment, Pose


class Mirror(Protocol):
    """Dresses one frame after the other."""

    @property
    def pose(self) -> Pose | None:
        """The person in the last frame; None when nobody was there."""
        ...

    def process(self, frame: Frame) -> Composite:
        """Dress the next frame."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


MirrorFactory = Callable[[Garment], Mirror]


class WatchedTryOn(LiveTryOn):
    """The live mirror itself, which also remembers the pose of its last frame."""

    def __init__(self, garment: Garment) -> None:
        super().__init__(garment, with_cpu=True)
        self._last_pose: Pose | None = None

    @property
    def pose(self) -> Pose | None:
        """The person in the last frame; None when nobody was there."""
        return self._last_pose

    def observe(self, frame: Frame) -> Observation:
        """Find the person, and remember them."""
        observation = super().observe(frame)
        self._last_pose = observation.pose
        return observation
