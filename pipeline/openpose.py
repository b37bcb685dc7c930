"""OpenPose's view of a pose: BODY_25 joints, their JSON, and the skeleton picture networks read.

Source: the layout and the drawing of OpenPose's GPU renderer with its background switched off,
as used to make the pictures VITON-HD was trained on. Written from a description of its output.
Needs neither MediaPipe nor a display.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import MIN_VISIBILITY, Body25, Landmark
from pipeline.structures import Image, Pose

Joints = NDArray[np.float32]  # (n, 3): x px, y px, confidence; 0, 0, 0 = missing

HAND_JOINTS = 21
FACE_JOINTS = 70

_SOURCES: dict[Body25, tuple[Landmark, ...]] = {
    Body25.NOSE: (Landmark.NOSE,),
    Body25.NECK: (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER),
    Body25.R_SHOULDER: (Landmark.RIGHT_SHOULDER,),
    Body25.R_ELBOW: (Landmark.RIGHT_ELBOW,),
    Body25.R_WRIST: (Landmark.RIGHT_WRIST,),
    Body25.L_SHOULDER: (Landmark.LEFT_SHOULDER,),
    Body25.L_ELBOW: (Landmark.LEFT_ELBOW,),
    Body25.L_WRIST: (Landmark.LEFT_WRIST,),
    Body25.MID_HIP: (Landmark.LEFT_HIP, Landmark.RIGHT_HIP),
    Body25.R_HIP: (Landmark.RIGHT_HIP,),
    Body25.R_KNEE: (Landmark.RIGHT_KNEE,),
    Body25.R_ANKLE: (Landmark.RIGHT_ANKLE,),
    Body25.L_HIP: (Landmark.LEFT_HIP,),
    Body25.L_KNEE: (Landmark.LEFT_KNEE,),
    Body25.L_ANKLE: (Landmark.LEFT_ANKLE,),
    Body25.R_EYE: (Landmark.RIGHT_EYE,),
    Body25.L_EYE: (Landmark.LEFT_EYE,),
    Body25.R_EAR: (Landmark.RIGHT_EAR,),
    Body25.L_EAR: (Landmark.LEFT_EAR,),
    Body25.L_BIG_TOE: (Landmark.LEFT_FOOT_INDEX,),
    Body25.L_HEEL: (Landmark.LEFT_HEEL,),
    Body25.R_BIG_TOE: (Landmark.RIGHT_FOOT_INDEX,),
    Body25.R_HEEL: (Landmark.RIGHT_HEEL,),
}  # the small toes have no counterpart and stay missing


def to_body25(pose: Pose, min_visibility: float = MIN_VISIBILITY) -> Joints:
    """Convert MediaPipe landmarks to OpenPose's BODY_25 joints.

    Neck and mid-hip are the middle of the shoulders and of the hips, as confident as the less
    visible of the two.

    Args:
        pose: landmarks in frame pixels.
        min_visibility: joints below it are missing.

    Returns:
        (25, 3) float32: x px, y px, visibility 0..1; 0, 0, 0 when missing or outside the frame.
    """
    joints = np.zeros((len(Body25), 3), np.float32)
    limit = np.asarray(pose.size_wh, np.float32) - 0.5
    for joint, sources in _SOURCES.items():
        point = pose.landmarks_px[list(sources)].mean(axis=0)
        visibility = pose.visibility[list(sources)].min()
        inside = bool(((point >= -0.5) & (point < limit)).all())
        if inside and visibility >= min_visibility:
            joints[joint] = (*np.maximum(point, 0.0), visibility)
    return joints


def to_openpose_json(pose: Pose | None, min_visibility: float = MIN_VISIBILITY) -> dict[str, Any]:
    """Lay a pose out as OpenPose's keypoint file; ``people`` is empty without a pose.

    Hands and face are not estimated and written as missing (zeros).
    """
    if pose is None:
        return {"version": 1.3, "people": []}
    hand = [0.0] * (3 * HAND_JOINTS)
    person: dict[str, Any] = {
        "person_id": [-1],
        "pose_keypoints_2d": _rounded(to_body25(pose, min_visibility)),
        "face_keypoints_2d": [0.0] * (3 * FACE_JOINTS),
        "hand_left_keypoints_2d": list(hand),
        "hand_right_keypoints_2d": list(hand),
        "pose_keypoints_3d": [],
        "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [],
        "hand_right_keypoints_3d": [],
    }
    return {"version": 1.3, "people": [person]}


def landmarks_json(pose: Pose) -> dict[str, Any]:
    """The 33 landmarks by name, in MediaPipe's order; lengths in px, visibility 0..1."""
    width, height = pose.size_wh
    return {
        "width": width,
        "height": height,
        "landmarks": [
            {
                "name": mark.name.lower(),
                "x_px": round(float(pose.landmarks_px[mark, 0]), 3),
                "y_px": round(float(pose.landmarks_px[mark, 1]), 3),
                "z_px": round(float(pose.z_px[mark]), 3),
                "visibility": round(float(pose.visibility[mark]), 5),
            }
            for mark in Landmark
        ],
    }


def _rounded(joints: Joints) -> list[float]:
    return [round(float(value), 3) for value in joints.ravel()]


# --------------------------------------------------------------------- the skeleton picture

BODY_THRESHOLD = 0.05
HAND_THRESHOLD = 0.2
OPACITY = 0.6  # of every ellipse and disc over what is below it
SIZE_OF_FULL_SCALE_PX = 400.0  # width + height of a person drawn with full line width
MIN_SCALE = 0.33
REACH_PX = 50.0  # nothing is drawn further outside the person's bounding box
# divisors of the picture's shorter side
BODY_LIMB_DIVISOR = 120.0
HAND_LIMB_DIVISOR = 80.0
DISC_DIVISOR = 100.0

_B = Body25
BODY_PAIRS: tuple[tuple[int, int], ...] = (
    (_B.NECK, _B.MID_HIP),
    (_B.NECK, _B.R_SHOULDER),
    (_B.NECK, _B.L_SHOULDER),
    (_B.R_SHOULDER, _B.R_ELBOW),
    (_B.R_ELBOW, _B.R_WRIST),
    (_B.L_SHOULDER, _B.L_ELBOW),
    (_B.L_ELBOW, _B.L_WRIST),
    (_B.MID_HIP, _B.R_HIP),
    (_B.R_HIP, _B.R_KNEE),
    (_B.R_KNEE, _B.R_ANKLE),
    (_B.MID_HIP, _B.L_HIP),
    (_B.L_HIP, _B.L_KNEE),
    (_B.L_KNEE, _B.L_ANKLE),
    (_B.NECK, _B.NOSE),
    (_B.NOSE, _B.R_EYE),
    (_B.R_EYE, _B.R_EAR),
    (_B.NOSE, _B.L_EYE),
    (_B.L_EYE, _B.L_EAR),
    (_B.L_ANKLE, _B.L_BIG_TOE),
    (_B.L_BIG_TOE, _B.L_SMALL_TOE),
    (_B.L_ANKLE, _B.L_HEEL),
    (_B.R_ANKLE, _B.R_BIG_TOE),
    (_B.R_BIG_TOE, _B.R_SMALL_TOE),
    (_B.R_ANKLE, _B.R_HEEL),
)

BODY_COLOURS = np.array(
    [
        (255, 0, 85),
        (255, 0, 0),
        (255, 85, 0),
        (255, 170, 0),
        (255, 255, 0),
        (170, 255, 0),
        (85, 255, 0),
        (0, 255, 0),
        (255, 0, 0),
        (0, 255, 85),
        (0, 255, 170),
        (0, 255, 255),
        (0, 170, 255),
        (0, 85, 255),
        (0, 0, 255),
        (255, 0, 170),
        (170, 0, 255),
        (255, 0, 255),
        (85, 0, 255),
        *[(0, 0, 255)] * 3,
        *[(0, 255, 255)] * 3,
    ],
    np.float32,
)

_FULL, _HALF = (100, 150, 200, 255), (50, 75, 100, 125)  # brightness along a finger
_DARK = (0, 0, 0, 0)
_FINGERS = (  # thumb to pinky: red, green and blue along each
    (_FULL, _DARK, _DARK),
    (_FULL, _FULL, _DARK),
    (_DARK, _FULL, _HALF),
    (_DARK, _HALF, _FULL),
    (_FULL, _DARK, _FULL),
)
HAND_PAIRS: tuple[tuple[int, int], ...] = tuple(
    (0 if step == 0 else 4 * finger + step, 4 * finger + step + 1)
    for finger in range(5)
    for step in range(4)
)
HAND_COLOURS = np.array(
    [(100, 100, 100), *(colour for finger in _FINGERS for colour in zip(*finger, strict=True))],
    np.float32,
)


def draw_skeleton(
    body: Joints,
    hands: Sequence[Joints] | None = None,
    size_hw: tuple[int, int] = (1024, 768),
) -> Image:
    """Draw the skeleton picture that try-on networks were trained with.

    Convention: every ellipse and disc is blended over the earlier ones; a pixel is in when its
        integer coordinates are; the result is cut, not rounded, to bytes.

    Args:
        body: (25, 3) BODY_25 joints in pixels of the picture, with confidence.
        hands: (21, 3) left hand, then right hand, or None.
        size_hw: height and width, px.

    Returns:
        (H, W, 3) uint8 RGB on black.
    """
    canvas = np.zeros((*size_hw, 3), np.float32)
    _draw_joints(canvas, body, BODY_PAIRS, BODY_COLOURS, BODY_THRESHOLD, BODY_LIMB_DIVISOR)
    for hand in hands or ():
        _draw_joints(canvas, hand, HAND_PAIRS, HAND_COLOURS, HAND_THRESHOLD, HAND_LIMB_DIVISOR)
    return canvas.astype(np.uint8)


def _draw_joints(
    canvas: NDArray[np.float32],
    joints: Joints,
    pairs: tuple[tuple[int, int], ...],
    colours: NDArray[np.float32],
    threshold: float,
    limb_divisor: float,
) -> None:
    """Draw one person's body or one hand onto ``canvas``, which is changed."""
    shown = joints[:, 2] > threshold
    if not shown.any():
        return
    points = joints[:, :2].astype(np.float64)
    low, high = points[shown].min(axis=0), points[shown].max(axis=0)
    scale = float(np.clip((high - low).sum() / SIZE_OF_FULL_SCALE_PX, MIN_SCALE, 1.0))
    unit_px = scale * min(canvas.shape[:2])
    reach = (low - REACH_PX, high + REACH_PX)
    for first, second in pairs:
        if shown[first] and shown[second]:
            middle, half = (
                (points[first] + points[second]) / 2,
                (points[second] - points[first]) / 2,
            )
            _blend_ellipse(canvas, middle, half, unit_px / limb_divisor, colours[second], reach)
    for joint in np.flatnonzero(shown):
        radius_px = unit_px / DISC_DIVISOR
        _blend_ellipse(
            canvas, points[joint], np.array([radius_px, 0.0]), radius_px, colours[joint], reach
        )


def _blend_ellipse(
    canvas: NDArray[np.float32],
    centre: NDArray[np.float64],
    major: NDArray[np.float64],
    minor_px: float,
    colour: NDArray[np.float32],
    reach: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Blend a filled ellipse; ``major`` is its half axis as a vector."""
    major_px = float(np.hypot(*major))
    if major_px == 0.0:
        return
    extent = max(major_px, minor_px)
    height, width = canvas.shape[:2]
    low = np.maximum(np.maximum(centre - extent, reach[0]), 0.0)
    high = np.minimum(np.minimum(centre + extent, reach[1]), (width - 1, height - 1))
    (x0, y0), (x1, y1) = np.ceil(low).astype(int), np.floor(high).astype(int) + 1
    if x0 >= x1 or y0 >= y1:
        return
    dx = np.arange(x0, x1) - centre[0]
    dy = (np.arange(y0, y1) - centre[1])[:, None]
    along = (dx * major[0] + dy * major[1]) / major_px
    across = (dy * major[0] - dx * major[1]) / major_px
    inside = (along / major_px) ** 2 + (across / minor_px) ** 2 <= 1.0
    window = canvas[y0:y1, x0:x1]
    window[inside] = (1.0 - OPACITY) * window[inside] + OPACITY * colour


# ------------------------------------------------------------- landmarks drawn on the picture

_M = Landmark
BONES: tuple[tuple[Landmark, Landmark], ...] = (
    (_M.LEFT_EAR, _M.LEFT_EYE),
    (_M.LEFT_EYE, _M.NOSE),
    (_M.NOSE, _M.RIGHT_EYE),
    (_M.RIGHT_EYE, _M.RIGHT_EAR),
    (_M.MOUTH_LEFT, _M.MOUTH_RIGHT),
    (_M.LEFT_SHOULDER, _M.RIGHT_SHOULDER),
    (_M.LEFT_SHOULDER, _M.LEFT_HIP),
    (_M.RIGHT_SHOULDER, _M.RIGHT_HIP),
    (_M.LEFT_HIP, _M.RIGHT_HIP),
    (_M.LEFT_SHOULDER, _M.LEFT_ELBOW),
    (_M.LEFT_ELBOW, _M.LEFT_WRIST),
    (_M.LEFT_WRIST, _M.LEFT_INDEX),
    (_M.LEFT_WRIST, _M.LEFT_PINKY),
    (_M.LEFT_WRIST, _M.LEFT_THUMB),
    (_M.RIGHT_SHOULDER, _M.RIGHT_ELBOW),
    (_M.RIGHT_ELBOW, _M.RIGHT_WRIST),
    (_M.RIGHT_WRIST, _M.RIGHT_INDEX),
    (_M.RIGHT_WRIST, _M.RIGHT_PINKY),
    (_M.RIGHT_WRIST, _M.RIGHT_THUMB),
    (_M.LEFT_HIP, _M.LEFT_KNEE),
    (_M.LEFT_KNEE, _M.LEFT_ANKLE),
    (_M.LEFT_ANKLE, _M.LEFT_FOOT_INDEX),
    (_M.RIGHT_HIP, _M.RIGHT_KNEE),
    (_M.RIGHT_KNEE, _M.RIGHT_ANKLE),
    (_M.RIGHT_ANKLE, _M.RIGHT_FOOT_INDEX),
)
LEFT_COLOUR, RIGHT_COLOUR, MIDDLE_COLOUR = (255, 159, 28), (46, 196, 255), (245, 245, 245)
OUTLINE = (20, 20, 20)
STROKE_DIVISOR = 220  # of the picture's shorter side
_SHIFT = 4  # OpenCV's fixed-point bits


def draw_annotated(image: Image, pose: Pose, min_visibility: float = MIN_VISIBILITY) -> Image:
    """Draw landmarks and bones on a copy of the picture, for people to look at.

    The wearer's left is orange and the right is blue; guessed landmarks are left out.
    """
    drawn = image.copy()
    stroke = max(1, round(min(image.shape[:2]) / STROKE_DIVISOR))
    shown = pose.visibility >= min_visibility
    for width, outlined in ((stroke + 2, True), (stroke, False)):
        for a, b in _visible_bones(shown):
            colour = OUTLINE if outlined else _side_colour(a, b)
            ends = _fixed(pose.landmarks_px[a]), _fixed(pose.landmarks_px[b])
            cv2.line(drawn, *ends, colour, width, cv2.LINE_AA, _SHIFT)
    for mark in Landmark:
        if shown[mark]:
            centre = _fixed(pose.landmarks_px[mark])
            for radius, colour in ((stroke * 2 + 1, OUTLINE), (stroke * 2, _side_colour(mark))):
                cv2.circle(drawn, centre, radius << _SHIFT, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return drawn


def _visible_bones(shown: NDArray[np.bool_]) -> Iterator[tuple[Landmark, Landmark]]:
    return ((a, b) for a, b in BONES if shown[a] and shown[b])


def _side_colour(*marks: Landmark) -> tuple[int, int, int]:
    if all("LEFT" in mark.name for mark in marks):
        return LEFT_COLOUR
    return RIGHT_COLOUR if all("RIGHT" in mark.name for mark in marks) else MIDDLE_COLOUR


def _fixed(point: NDArray[np.float32]) -> tuple[int, int]:
    x, y = np.rint(np.clip(point, -1e5, 1e5) * (1 << _SHIFT)).astype(int)
    return int(x), int(y)
