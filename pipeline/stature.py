"""The torso's axis in one pose, without any memory: the same pose always gives the same answer.

``body.BodyTracker`` measures a person better, but over time; what binds two moments to each other
must not depend on what was learnt between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep, unit
from pipeline.labels import Landmark
from pipeline.structures import Pose

SHOULDERS_PER_TORSO = 0.68  # joint to joint, of a usual person seen from the front
SHOULDERS_PER_FACE = 4.6  # shoulder width / (eyes to mouth)
NARROWEST = 0.6  # of the width that the face suggests; narrower is not believed
SEEN_FROM, SEEN_OVER = 0.25, 0.5  # hip visibility: a guess, and from there on surely seen
BELOW_FRAME = 0.20  # of its height: hips farther below are a guess


@dataclass(frozen=True, slots=True, eq=False)
class Stature:
    """Where a torso is.

    Attributes:
        mid_shoulder, mid_hip: (2,) float64, frame px.
        torso_px: between them, at least 1.
        up: (2,) unit vector from hip to shoulder.
        right: (2,) unit vector to the right in the picture, perpendicular to ``up``.
    """

    mid_shoulder: NDArray[np.float64]
    mid_hip: NDArray[np.float64]
    torso_px: float
    up: NDArray[np.float64]
    right: NDArray[np.float64]


def measure_stature(pose: Pose) -> Stature:
    """Find the torso's axis; hips that are not seen are guessed from shoulders and face."""
    points = pose.landmarks_px.astype(np.float64)
    left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
    middle = (left + right) / 2
    hip = (points[Landmark.LEFT_HIP] + points[Landmark.RIGHT_HIP]) / 2
    trust = _hip_trust(pose, float(hip[1]))
    if trust < 1.0:
        hip = trust * hip + (1.0 - trust) * _guessed_hip(points, middle)
    up = unit(middle - hip).astype(np.float64)
    length = max(float(np.hypot(*(middle - hip))), 1.0)
    return Stature(middle, hip, length, up, np.array([-up[1], up[0]]))


def _hip_trust(pose: Pose, hip_y: float) -> float:
    """0 = the hips are a guess of the tracker, 1 = they are seen. Continuous."""
    height = pose.size_wh[1]
    seen = float(min(pose.visibility[Landmark.LEFT_HIP], pose.visibility[Landmark.RIGHT_HIP]))
    inside = ((1.0 + BELOW_FRAME) * height - hip_y) / (BELOW_FRAME * height)
    return float(smoothstep((seen - SEEN_FROM) / SEEN_OVER)) * float(smoothstep(inside))


def _guessed_hip(
    points: NDArray[np.float64], mid_shoulder: NDArray[np.float64]
) -> NDArray[np.float64]:
    eyes = (points[Landmark.LEFT_EYE] + points[Landmark.RIGHT_EYE]) / 2
    mouth = (points[Landmark.MOUTH_LEFT] + points[Landmark.MOUTH_RIGHT]) / 2
    across = points[Landmark.LEFT_SHOULDER] - points[Landmark.RIGHT_SHOULDER]
    seen_px = float(np.hypot(*across))
    frontal_px = SHOULDERS_PER_FACE * float(np.hypot(*(eyes - mouth)))
    narrowing = float(np.clip(seen_px / max(frontal_px, 1e-6), NARROWEST, 1.0))
    down = unit(np.array([-across[1], across[0]])) * np.sign(across[0] + 1e-9)
    down = unit(down + np.array([0.0, 1.0]))  # halfway between the shoulders' normal and upright
    hip: NDArray[np.float64] = mid_shoulder + down * (seen_px / narrowing / SHOULDERS_PER_TORSO)
    return hip
