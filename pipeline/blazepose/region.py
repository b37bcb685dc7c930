"""The turned square of the frame in which the landmark network looks, and how it moves along.

Convention: MediaPipe's pixels count from the corner of the first pixel, ours from its centre.
    This package keeps MediaPipe's; ``Follower`` converts at its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MARGIN = 1.25  # of the square around the circle that the anchors give
UPRIGHT = math.pi / 2  # the way from the first anchor to the second, seen as in mathematics

# The One-Euro filter of the anchors, per coordinate. Speeds are in circle diameters a second.
RATE_HZ = 30.0  # MediaPipe stamps its frames so, however fast they come
MIN_CUTOFF_HZ = 0.01
BETA = 10.0
SPEED_CUTOFF_HZ = 1.0
MIN_DIAMETER_PX = 1.0  # below it the network has said nothing


@dataclass(frozen=True, slots=True)
class Region:
    """A square of the frame.

    Attributes:
        x_px, y_px: its centre.
        size_px: its side.
        angle: by which it is turned, radians, clockwise on the screen.
    """

    x_px: float
    y_px: float
    size_px: float
    angle: float

    def to_frame(self, side: int) -> Floats:
        """(2, 3) matrix from a ``side`` x ``side`` picture of the region to the frame."""
        scale = self.size_px / side
        along, across = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        turn = np.array([[along, -across], [across, along]])
        shift = np.array([self.x_px, self.y_px]) - turn @ (side / 2, side / 2)
        return np.column_stack([turn, shift])


class RegionTracker:
    """Where to look in the next frame, from the two anchors that the network gives in this one.

    The first anchor is the middle of the body, the second lies on a circle around the whole of it,
    above the head.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._anchors: Floats | None = None
        self._raw: Floats | None = None
        self._speed: Floats | None = None

    def advance(self, anchors_px: Floats) -> Region | None:
        """The region to look at next, or None when the anchors have fallen together.

        Args:
            anchors_px: (2, 2) x, y in the frame.
        """
        diameter_px = 2.0 * math.dist(anchors_px[0], anchors_px[1])
        if diameter_px < MIN_DIAMETER_PX:
            self.reset()
            return None
        (x, y), (rim_x, rim_y) = self._smooth(anchors_px, diameter_px)
        angle = UPRIGHT - math.atan2(y - rim_y, rim_x - x)
        return Region(
            x_px=float(x),
            y_px=float(y),
            size_px=2.0 * MARGIN * math.hypot(rim_x - x, rim_y - y),
            angle=math.remainder(angle, math.tau),
        )

    def _smooth(self, anchors: Floats, diameter_px: float) -> Floats:
        """One-Euro in its paper's form, unlike ``smoothing.OneEuro``: see there for the source."""
        if self._anchors is None or self._raw is None or self._speed is None:
            self._anchors, self._raw, self._speed = anchors, anchors, np.zeros_like(anchors)
            return anchors
        speed = (anchors - self._raw) * (RATE_HZ / diameter_px)
        self._speed = self._speed + _weight(SPEED_CUTOFF_HZ) * (speed - self._speed)
        weight = _weight(MIN_CUTOFF_HZ + BETA * np.abs(self._speed))
        self._anchors = self._anchors + weight * (anchors - self._anchors)
        self._raw = anchors
        return self._anchors


def _weight(cutoff_hz: Floats | float) -> Floats:
    """Of the new value in a low-pass of this cutoff; 0..1."""
    return 1.0 / (1.0 + RATE_HZ / (2.0 * np.pi * np.asarray(cutoff_hz, np.float64)))
