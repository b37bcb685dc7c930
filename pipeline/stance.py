"""How a person stands in the picture, as plain numbers to judge by. No decisions here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.labels import Landmark
from pipeline.silhouette import share_covered
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
_TORSO_CORNERS = [
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP,
]
_TORSO_PLACES = np.array(
    [(across, down) for down in np.linspace(0.05, 0.9, 7) for across in np.linspace(0.1, 0.9, 7)]
)

Places = list[list[float]]  # x and y of every landmark, px
Pair = tuple[float, float]


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
    points: Places = pose.landmarks_px.tolist()
    visibility: list[float] = pose.visibility.tolist()
    width, height = pose.size_wh
    left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
    middle = _middle(left, right)
    hip = _middle(points[Landmark.LEFT_HIP], points[Landmark.RIGHT_HIP])
    torso_px = max(math.dist(middle, hip), 1.0)
    up = (middle[0] - hip[0], middle[1] - hip[1])
    length = max(math.hypot(*up), 1e-6)
    up = (up[0] / length, up[1] / length)
    across = (-up[1], up[0])  # to the picture's right when upright
    shoulder_width = _along(across, right, left) / torso_px
    depth = float(pose.z_px[Landmark.LEFT_SHOULDER] - pose.z_px[Landmark.RIGHT_SHOULDER])
    margins = [min(x, width - 1 - x, y) for x, y in (left, right)]
    return Stance(
        torso_share=torso_px / height,
        upright=-up[1],
        shoulder_width=shoulder_width,
        head_height=_along(up, middle, points[Landmark.NOSE]) / torso_px,
        shoulder_visibility=min(
            visibility[Landmark.LEFT_SHOULDER], visibility[Landmark.RIGHT_SHOULDER]
        ),
        face_visibility=sorted(visibility[k] for k in _FACE)[len(_FACE) // 2],
        face_points_inside=sum(_inside(points[k], width, height) for k in _FACE),
        back_of_head=_sees_back_of_head(pose, points, across),
        shoulders_inside=min(margins) / torso_px,
        chest_depth_inside=(height - 1 - max(left[1], right[1])) / torso_px,
        shoulders_share=math.dist(left, right) / width,
        yaw_deg=min(
            180.0,
            _shoulder_yaw_deg(shoulder_width, abs(depth) / torso_px)
            + _face_turn_deg(points, across, towards=math.copysign(1.0, depth)),
        ),
        mask_support=share_covered(
            pose.person_alpha, pose.landmarks_px[_TORSO_CORNERS], _TORSO_PLACES
        ),
    )


def _middle(first: Sequence[float], second: Sequence[float]) -> Pair:
    return 0.5 * (first[0] + second[0]), 0.5 * (first[1] + second[1])


def _along(axis: Pair, start: Sequence[float], end: Sequence[float]) -> float:
    """How far ``end`` lies from ``start`` along an axis of length 1."""
    return (end[0] - start[0]) * axis[0] + (end[1] - start[1]) * axis[1]


def _inside(point: Sequence[float], width: int, height: int) -> bool:
    """Within the frame, whose pixels reach half a pixel beyond their centres."""
    return -0.5 <= point[0] < width - 0.5 and -0.5 <= point[1] < height - 0.5


def _shoulder_yaw_deg(shoulder_width: float, depth: float) -> float:
    """Turn of the torso. Slim people look turned by width, noise looks turned by depth: mix."""
    by_width = math.acos(min(max(shoulder_width / FRONTAL_SHOULDERS, -1.0), 1.0))
    by_depth = math.atan2(DEPTH_TRUST * depth, shoulder_width)
    return math.degrees(WIDTH_WEIGHT * by_width + (1.0 - WIDTH_WEIGHT) * by_depth)


def _face_turn_deg(points: Places, across: Pair, towards: float) -> float:
    """What the face adds to the yaw when it is turned ``towards`` the same side; 0 otherwise."""
    left_ear, right_ear = points[Landmark.LEFT_EAR], points[Landmark.RIGHT_EAR]
    gap_px = max(abs(_along(across, right_ear, left_ear)), 1.0)
    nose_px = _along(across, _middle(left_ear, right_ear), points[Landmark.NOSE])
    turn = (towards * nose_px / gap_px - FACE_TURN_FROM) / (FACE_TURN_FULL - FACE_TURN_FROM)
    return FACE_TURN_DEG * min(max(turn, 0.0), 1.0)


def _sees_back_of_head(pose: Pose, points: Places, across: Pair) -> bool:
    swapped = _along(across, points[Landmark.RIGHT_EAR], points[Landmark.LEFT_EAR]) < 0.0
    ear_depth = 0.5 * float(pose.z_px[Landmark.LEFT_EAR] + pose.z_px[Landmark.RIGHT_EAR])
    return swapped and float(pose.z_px[Landmark.NOSE]) > ear_depth
