"""How a person stands in the picture, as plain numbers to judge by. No decisions here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import unit
from pipeline.labels import Landmark
from pipeline.smoothing import torso_length_px
from pipeline.structures import Pose

FRONTAL_SHOULDERS = 0.62  # shoulder width of a frontal person in torso lengths; seen: .50 to .83
DEPTH_TRUST = 0.4  # MediaPipe's depth between the shoulders is this much too large
WIDTH_WEIGHT = 0.7  # how much the shoulder width counts for the yaw; the depth is noisier

# A face that looks the way the shoulders are turned confirms the turn: bending forwards shortens
# the torso and hides it from the other two. The nose is measured from between the ears, in gaps
# of the ears.
FACE_TURN_FROM = 0.3
FACE_TURN_FULL = 0.7
FACE_TURN_DEG = 16.0

_FACE = [
    Landmark.NOSE,
    Landmark.LEFT_EYE,
    Landmark.RIGHT_EYE,
    Landmark.MOUTH_LEFT,
    Landmark.MOUTH_RIGHT,
]
_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
_SAMPLES_ACROSS = np.linspace(0.1, 0.9, 7, dtype=np.float32)
_SAMPLES_DOWN = np.linspace(0.05, 0.9, 7, dtype=np.float32)
_SOLID = 128  # alpha from which a pixel belongs to the person


@dataclass(frozen=True, slots=True)
class Stance:
    """The numbers. Lengths are in torso lengths unless the name says otherwise.

    Attributes:
        torso_share: torso length as a share of the frame's height.
        upright: cosine of the torso's tilt in the picture; 1 = upright, -1 = upside down.
        shoulder_width: across the torso's axis, signed; negative when seen from behind.
        head_height: of the nose above the shoulders along the torso's axis.
        shoulder_visibility, face_visibility: 0..1, the lower shoulder and the better face half.
        face_points_inside: how many of nose, eyes and mouth corners are visible in the frame, 0..5.
        back_of_head: the ears are swapped and the nose points away from the camera.
        shoulders_inside: how far the outer shoulder is inside the frame; negative = outside.
        chest_depth_inside: how much of the body below the shoulders is inside the frame.
        shoulders_share: shoulder width as a share of the frame's width.
        yaw_deg: turn of the torso away from the camera, 0..180.
        mask_support: share of the torso's visible area that the person mask covers, 0..1.
    """

    torso_share: float
    upright: float
    shoulder_width: float
    head_height: float
    shoulder_visibility: float
    face_visibility: float
    face_points_inside: int
    back_of_head: bool
    shoulders_inside: float
    chest_depth_inside: float
    shoulders_share: float
    yaw_deg: float
    mask_support: float


def measure_stance(pose: Pose) -> Stance:
    """Measure a pose; cheap (no pixel but 49 of the mask is read)."""
    points, visibility = pose.landmarks_px, pose.visibility
    width, height = pose.size_wh
    left, right = points[_SHOULDERS]
    middle = (left + right) / 2
    torso_px = max(torso_length_px(pose), 1.0)
    up = unit(middle - points[_HIPS].mean(axis=0))
    across = np.array([-up[1], up[0]], np.float32)  # to the picture's right when upright
    shoulder_width = float((left - right) @ across) / torso_px
    depth = float(pose.z_px[Landmark.LEFT_SHOULDER] - pose.z_px[Landmark.RIGHT_SHOULDER])
    margins = np.stack([points[_SHOULDERS, 0], width - 1 - points[_SHOULDERS, 0]])
    tops = points[_SHOULDERS, 1]
    return Stance(
        torso_share=torso_px / height,
        upright=float(-up[1]),
        shoulder_width=shoulder_width,
        head_height=float((points[Landmark.NOSE] - middle) @ up) / torso_px,
        shoulder_visibility=float(visibility[_SHOULDERS].min()),
        face_visibility=float(np.median(visibility[_FACE])),
        face_points_inside=int(_inside(points[_FACE], pose.size_wh).sum()),
        back_of_head=_sees_back_of_head(pose, across),
        shoulders_inside=float(min(margins.min(), tops.min())) / torso_px,
        chest_depth_inside=float(height - 1 - tops.max()) / torso_px,
        shoulders_share=float(np.hypot(*(left - right))) / width,
        yaw_deg=min(
            180.0,
            _shoulder_yaw_deg(shoulder_width, abs(depth) / torso_px)
            + _face_turn_deg(pose, across, towards=math.copysign(1.0, depth)),
        ),
        mask_support=_mask_support(pose),
    )


def _shoulder_yaw_deg(shoulder_width: float, depth: float) -> float:
    """Turn of the torso. Slim people look turned by width, noise looks turned by depth: mix."""
    by_width = math.acos(float(np.clip(shoulder_width / FRONTAL_SHOULDERS, -1.0, 1.0)))
    by_depth = math.atan2(DEPTH_TRUST * depth, shoulder_width)
    return math.degrees(WIDTH_WEIGHT * by_width + (1.0 - WIDTH_WEIGHT) * by_depth)


def _face_turn_deg(pose: Pose, across: NDArray[np.float32], towards: float) -> float:
    """What the face adds to the yaw when it is turned ``towards`` the same side; 0 otherwise."""
    left_ear, right_ear = pose.landmarks_px[[Landmark.LEFT_EAR, Landmark.RIGHT_EAR]]
    gap_px = max(abs(float((left_ear - right_ear) @ across)), 1.0)
    nose_px = float((pose.landmarks_px[Landmark.NOSE] - (left_ear + right_ear) / 2) @ across)
    turn = (towards * nose_px / gap_px - FACE_TURN_FROM) / (FACE_TURN_FULL - FACE_TURN_FROM)
    return FACE_TURN_DEG * float(np.clip(turn, 0.0, 1.0))


def _sees_back_of_head(pose: Pose, across: NDArray[np.float32]) -> bool:
    ears = pose.landmarks_px[Landmark.LEFT_EAR] - pose.landmarks_px[Landmark.RIGHT_EAR]
    ear_depth = pose.z_px[[Landmark.LEFT_EAR, Landmark.RIGHT_EAR]].mean()
    return bool(ears @ across < 0.0 and pose.z_px[Landmark.NOSE] > ear_depth)


def _inside(points: NDArray[np.float32], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """(n, 2) → (n,) bool: within the frame."""
    limit = np.asarray(size_wh, np.float32) - 0.5
    return np.asarray(((points >= -0.5) & (points < limit)).all(axis=1), np.bool_)


def _mask_support(pose: Pose) -> float:
    left, right, left_hip, right_hip = pose.landmarks_px[_SHOULDERS + _HIPS]
    across = _SAMPLES_ACROSS[None, :, None]
    down = _SAMPLES_DOWN[:, None, None]
    top = left + across * (right - left)
    bottom = left_hip + across * (right_hip - left_hip)
    points = (top + down * (bottom - top)).reshape(-1, 2)
    seen = np.rint(points[_inside(points, pose.size_wh)]).astype(int)
    if len(seen) == 0:
        return 0.0
    return float((pose.person_alpha[seen[:, 1], seen[:, 0]] >= _SOLID).mean())
