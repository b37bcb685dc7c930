"""Parts of a picture that a person's landmarks point out: the face, forearms and upper arms."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.structures import Points, Pose

CHIN = 0.9  # below the mouth, in distances from nose to mouth
ARM_HALF_WIDTH = 0.06  # torso lengths; inside of any forearm
ARM_FROM, ARM_TO = 0.15, 0.85  # of a bone: joints are left out, other things overlap there

LIMBS = {
    "left forearm": (Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST),
    "right forearm": (Landmark.RIGHT_ELBOW, Landmark.RIGHT_WRIST),
    "left upper arm": (Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW),
    "right upper arm": (Landmark.RIGHT_SHOULDER, Landmark.RIGHT_ELBOW),
}
_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
_MOUTH = [Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT]


def face_region(pose: Pose, shape_hw: tuple[int, ...], scale: float = 1.0) -> NDArray[np.bool_]:
    """The face between ears, eyes and chin.

    Args:
        pose: in frame px.
        shape_hw: of the result.
        scale: result px per frame px.

    Returns:
        (h, w) bool; empty where the face is not to be seen.
    """
    region = np.zeros(shape_hw, np.uint8)
    if pose.visibility[Landmark.NOSE] < MIN_VISIBILITY:
        return region.astype(bool)
    marks = pose.landmarks_px[: Landmark.MOUTH_RIGHT + 1]
    mouth = marks[_MOUTH].mean(axis=0)
    chin = mouth + CHIN * (mouth - marks[Landmark.NOSE])
    hull = cv2.convexHull(np.concatenate([marks, chin[None]]).astype(np.float32))
    cv2.fillConvexPoly(region, _pixels(hull[:, 0], scale), (1,))
    return region.astype(bool)


def limb_region(
    pose: Pose, limb: str, shape_hw: tuple[int, ...], scale: float = 1.0
) -> NDArray[np.bool_]:
    """The core of a limb named in ``LIMBS``; empty where it cannot be trusted."""
    start, end = LIMBS[limb]
    if min(pose.visibility[start], pose.visibility[end]) < MIN_VISIBILITY:
        return np.zeros(shape_hw, bool)
    return limb_area(pose.landmarks_px, limb, shape_hw, scale)


def limb_area(
    landmarks_px: Points, limb: str, shape_hw: tuple[int, ...], scale: float = 1.0
) -> NDArray[np.bool_]:
    """The same from landmarks alone."""
    region = np.zeros(shape_hw, np.uint8)
    a, b = (landmarks_px[mark].astype(np.float64) for mark in LIMBS[limb])
    along = b - a
    length = float(np.hypot(*along))
    if not length >= 1.0:
        return region.astype(bool)
    shoulders, hips = landmarks_px[_SHOULDERS].mean(axis=0), landmarks_px[_HIPS].mean(axis=0)
    torso_px = float(np.hypot(*(shoulders - hips)))
    across = np.array([-along[1], along[0]]) / length * ARM_HALF_WIDTH * torso_px
    near, far = a + ARM_FROM * along, a + ARM_TO * along
    corners = np.stack([near + across, far + across, far - across, near - across])
    cv2.fillConvexPoly(region, _pixels(corners, scale), (1,))
    return region.astype(bool)


def _pixels(points: NDArray[np.floating[Any]], scale: float) -> NDArray[np.int32]:
    return np.asarray(np.rint((points + 0.5) * scale - 0.5), np.int32)
