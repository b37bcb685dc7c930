"""A drawn person made of numbers: frontal, upright, 640×480, for tests that need no camera."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipeline.labels import Landmark as M
from pipeline.structures import Pose

SIZE_WH = (640, 480)

_IN_TORSO_LENGTHS = {  # x to the picture's right, y down, from the middle of the shoulders
    M.NOSE: (0.0, -0.40),
    M.LEFT_EYE: (0.06, -0.46),
    M.RIGHT_EYE: (-0.06, -0.46),
    M.LEFT_EAR: (0.13, -0.43),
    M.RIGHT_EAR: (-0.13, -0.43),
    M.MOUTH_LEFT: (0.04, -0.31),
    M.MOUTH_RIGHT: (-0.04, -0.31),
    M.LEFT_SHOULDER: (0.33, 0.0),
    M.RIGHT_SHOULDER: (-0.33, 0.0),
    M.LEFT_ELBOW: (0.42, 0.5),
    M.RIGHT_ELBOW: (-0.42, 0.5),
    M.LEFT_WRIST: (0.42, 0.95),
    M.RIGHT_WRIST: (-0.42, 0.95),
    M.LEFT_HIP: (0.20, 1.0),
    M.RIGHT_HIP: (-0.20, 1.0),
}
_DEPTHS = {M.NOSE: -0.8, M.LEFT_EAR: -0.3, M.RIGHT_EAR: -0.3}


def standing_pose(
    centre: tuple[float, float] = (320.0, 170.0),
    torso_px: float = 180.0,
    yaw_deg: float = 0.0,
    tilt_deg: float = 0.0,
    size_wh: tuple[int, int] = SIZE_WH,
) -> Pose:
    """Build the pose.

    Args:
        centre: middle of the shoulders, px.
        torso_px: shoulder line to hip line.
        yaw_deg: turn of the whole person, 180 = back view.
        tilt_deg: rotation in the picture, 180 = upside down.
        size_wh: of the frame, px.
    """
    flat = np.zeros((33, 3))
    flat[:, :2] = 0.0, 1.8  # legs and what else is not named: below
    for mark, (x, y) in _IN_TORSO_LENGTHS.items():
        flat[mark] = x, y, _DEPTHS.get(mark, 0.0)
    yaw, tilt = np.radians([yaw_deg, tilt_deg])
    x = flat[:, 0] * np.cos(yaw) - flat[:, 2] * np.sin(yaw)
    z = flat[:, 0] * np.sin(yaw) + flat[:, 2] * np.cos(yaw)
    turned = np.stack(
        [
            x * np.cos(tilt) - flat[:, 1] * np.sin(tilt),
            x * np.sin(tilt) + flat[:, 1] * np.cos(tilt),
        ],
        axis=1,
    )
    points = (np.asarray(centre) + torso_px * turned).astype(np.float32)
    return Pose(
        landmarks_px=points,
        visibility=np.full(33, 0.99, np.float32),
        z_px=(z * torso_px).astype(np.float32),
        person_alpha=_torso_alpha(points, size_wh),
    )


def _torso_alpha(points: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    alpha = np.zeros(size_wh[::-1], np.uint8)
    corners = points[[M.LEFT_SHOULDER, M.RIGHT_SHOULDER, M.RIGHT_HIP, M.LEFT_HIP]]
    hull = cv2.convexHull(np.rint(corners).astype(np.int32))
    cv2.fillConvexPoly(alpha, hull, 255)
    cv2.polylines(alpha, [hull], True, 255, 9)
    return alpha


def with_points(pose: Pose, **points: tuple[float, float]) -> Pose:
    """The same pose with some landmarks elsewhere, named as in ``Landmark`` in lower case."""
    moved = pose.landmarks_px.copy()
    for name, point in points.items():
        moved[M[name.upper()]] = point
    return replace(pose, landmarks_px=moved)
