"""One-Euro smoothing of a body's landmarks: calm when the person is still, quick when they move.

Source: Casiez, Roussel, Vogel 2012, "1 € Filter". The exponential form of the low-pass is used
instead of the paper's backward Euler, so that the strength does not depend on the frame rate.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled, inner
from pipeline.labels import Landmark
from pipeline.structures import Pose

MIN_CUTOFF_HZ = 0.3  # of a landmark at rest: hides what is left of MediaPipe's jitter
BETA = 4.0  # cutoff gained per torso length a second; a moving arm lags about half a frame
SPEED_CUTOFF_HZ = 1.0  # of the speed that opens the filter; higher lets noise open it
DEPTH_MIN_CUTOFF_HZ = 1.0  # depth decides order only: smooth it lightly
DEPTH_BETA = 2.0
MAX_GAP_S = 0.5  # after a longer pause the old position says nothing about the new one
MIN_STEP_S = 1e-3  # guards the division by time when two frames carry the same stamp
MIN_SCALE_PX = 8.0  # guards the division by torso length when a pose has collapsed


def torso_length_px(pose: Pose) -> float:
    """Distance between the middle of the shoulders and the middle of the hips, px."""
    points = pose.landmarks_px
    shoulders = (points[Landmark.LEFT_SHOULDER] + points[Landmark.RIGHT_SHOULDER]).tolist()
    hips = (points[Landmark.LEFT_HIP] + points[Landmark.RIGHT_HIP]).tolist()
    return 0.5 * math.dist(shoulders, hips)


class OneEuro:
    """The filter itself for n points of d coordinates, each point with its own speed.

    Args:
        min_cutoff_hz: cutoff of a point at rest.
        beta: cutoff gained per unit of speed, in Hz per (scale a second).
    """

    def __init__(self, min_cutoff_hz: float, beta: float) -> None:
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._raw: NDArray[np.float64] | None = None
        self._value: NDArray[np.float64] | None = None
        self._velocity: NDArray[np.float64] | None = None

    def reset(self) -> None:
        """Forget everything; the next points pass unchanged."""
        self._raw = self._value = self._velocity = None

    def step(
        self, points: NDArray[np.float32], step_s: float, scale_px: float
    ) -> NDArray[np.float32]:
        """Smooth the points of one frame.

        Args:
            points: (n, d) px.
            step_s: time since the last call, seconds, > 0.
            scale_px: the length that speeds are stated in (the torso).

        Returns:
            (n, d) float32, a new array.
        """
        raw = points.astype(np.float64)
        if self._raw is None or self._value is None or self._velocity is None:
            self._raw, self._value, self._velocity = raw, raw.copy(), np.zeros_like(raw)
            return points.copy()
        _step(
            raw,
            self._raw,
            self._value,
            self._velocity,
            step_s,
            scale_px,
            self._min_cutoff_hz,
            self._beta,
        )
        self._raw = raw
        return self._value.astype(np.float32)


@compiled
def _step(raw, last, value, velocity, step_s, scale_px, min_cutoff_hz, beta):  # type: ignore[no-untyped-def]
    """Move ``value`` and ``velocity`` on from ``last`` to ``raw``; all (n, d) float64, px."""
    speed_weight = _weight(SPEED_CUTOFF_HZ, step_s)
    for n in range(raw.shape[0]):
        squared = 0.0
        for d in range(raw.shape[1]):
            seen = (raw[n, d] - last[n, d]) / step_s
            velocity[n, d] += speed_weight * (seen - velocity[n, d])
            squared += velocity[n, d] ** 2
        weight = _weight(min_cutoff_hz + beta * math.sqrt(squared) / scale_px, step_s)
        for d in range(raw.shape[1]):
            value[n, d] += weight * (raw[n, d] - value[n, d])


@inner
def _weight(cutoff_hz, step_s):  # type: ignore[no-untyped-def]
    """How far a low-pass of this cutoff moves to the new value within ``step_s``; 0..1."""
    return -math.expm1(-2.0 * math.pi * cutoff_hz * step_s)


class PoseSmoother:
    """Smooths the landmarks and depths of one person from frame to frame."""

    def __init__(self) -> None:
        self._points = OneEuro(MIN_CUTOFF_HZ, BETA)
        self._depths = OneEuro(DEPTH_MIN_CUTOFF_HZ, DEPTH_BETA)
        self._time_s: float | None = None

    def reset(self) -> None:
        """Start afresh: another person, another scene, or a person who was away."""
        self._points.reset()
        self._depths.reset()
        self._time_s = None

    def smooth(self, pose: Pose, time_s: float) -> Pose:
        """Return the pose with steadier landmarks and depths; the rest is passed through.

        Args:
            pose: as estimated on this frame.
            time_s: the frame's time on the source's clock, seconds.
        """
        step_s = MIN_STEP_S
        if self._time_s is not None:
            if not 0.0 <= time_s - self._time_s <= MAX_GAP_S:
                self.reset()
            else:
                step_s = max(time_s - self._time_s, MIN_STEP_S)
        self._time_s = time_s
        scale_px = max(torso_length_px(pose), MIN_SCALE_PX)
        return replace(
            pose,
            landmarks_px=self._points.step(pose.landmarks_px, step_s, scale_px),
            z_px=self._depths.step(pose.z_px[:, None], step_s, scale_px)[:, 0],
        )
