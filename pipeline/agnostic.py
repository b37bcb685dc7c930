"""The person with every trace of the worn upper garment removed, as VITON-HD was trained to see it.

Convention: pictures are 768 wide and 1024 high, where all radii below are stated; other sizes of
the same shape work, radii scale with the width. Joints are OpenPose BODY_25 in pixels of the
picture; (0, 0) means missing.

Source: data preparation of VITON-HD (Choi et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw

from pipeline.errors import PoseIncomplete
from pipeline.labels import Body25, Cihp
from pipeline.parsing import ParseMap, is_any
from pipeline.structures import Image

Joints = NDArray[np.floating[Any]]  # (25, 2 or more): x, y, px

CANVAS_WIDTH = 768
GRAY = (128, 128, 128)
PAINTED = 255  # of a mask

# Of the picture: the torso and the arms disappear under these, so generously that neither the cut
# nor the length of the worn sleeves can be guessed.
LIMB_WIDTH = 200
JOINT_RADIUS = 100
HIP_RADII = (60, 120)  # x, y
FLANK_WIDTH = 120
WAIST_WIDTH = 240
NECK_HALF_SIDE = 140

# Of the parse map: narrower, and the hand keeps its label.
PARSE_LIMB_WIDTH = 100
PARSE_JOINT_RADIUS = 150
PARSE_WRIST_RADIUS = 40

HEAD = (Cihp.SUNGLASSES, Cihp.FACE)
LOWER_BODY = (
    Cihp.PANTS,
    Cihp.SKIRT,
    Cihp.LEFT_LEG,
    Cihp.RIGHT_LEG,
    Cihp.LEFT_SHOE,
    Cihp.RIGHT_SHOE,
)
ERASED = (Cihp.UPPER_CLOTHES, Cihp.DRESS, Cihp.COAT, Cihp.TORSO_SKIN)

ARM_BONES = (
    (Body25.R_SHOULDER, Body25.R_ELBOW),
    (Body25.R_ELBOW, Body25.R_WRIST),
    (Body25.L_SHOULDER, Body25.L_ELBOW),
    (Body25.L_ELBOW, Body25.L_WRIST),
)
# Each arm's stroke starts at the other shoulder: it crosses the chest.
PARSE_STROKES = {
    Cihp.LEFT_ARM: (Body25.R_SHOULDER, Body25.L_SHOULDER, Body25.L_ELBOW, Body25.L_WRIST),
    Cihp.RIGHT_ARM: (Body25.L_SHOULDER, Body25.R_SHOULDER, Body25.R_ELBOW, Body25.R_WRIST),
}

TORSO_PER_SHOULDERS = 1.5  # from shoulder to hip line, when no hip is seen
MIN_LENGTH_PX = 1.0  # joints closer than this give no direction


def is_missing(joints: Joints, joint: Body25) -> bool:
    """Whether a joint is (0, 0)."""
    return not joints[joint, :2].any()


def complete_joints(joints: Joints) -> NDArray[np.float64]:
    """Fill in the joints that the drawing cannot do without, from those that are there.

    A missing shoulder is the other one mirrored at the neck, a missing neck lies between the
    shoulders, a missing hip beside the other, and two missing hips below the shoulders.

    Returns:
        (25, 2) float64, a copy; elbows, wrists and the rest stay as they are.

    Raises:
        PoseIncomplete: a shoulder is missing and cannot be mirrored; the message names it.
    """
    whole = np.array(joints[:, :2], np.float64)
    right, left, neck = Body25.R_SHOULDER, Body25.L_SHOULDER, Body25.NECK
    for joint, other, side in ((right, left, "right"), (left, right, "left")):
        if not is_missing(whole, joint):
            continue
        if is_missing(whole, other) or is_missing(whole, neck):
            raise PoseIncomplete(
                f"The {side} shoulder is not visible. Show both shoulders to the camera."
            )
        whole[joint] = 2 * whole[neck] - whole[other]
    if is_missing(whole, neck):
        whole[neck] = (whole[right] + whole[left]) / 2
    _complete_hips(whole)
    return whole


def _complete_hips(whole: NDArray[np.float64]) -> None:
    """Fill missing hips of our own copy."""
    across = whole[Body25.L_SHOULDER] - whole[Body25.R_SHOULDER]
    right, left = Body25.R_HIP, Body25.L_HIP
    if is_missing(whole, right) and is_missing(whole, left):
        down = np.array([-across[1], across[0]]) * TORSO_PER_SHOULDERS
        whole[right] = whole[Body25.R_SHOULDER] + down
        whole[left] = whole[Body25.L_SHOULDER] + down
    elif is_missing(whole, right):
        whole[right] = whole[left] - across
    elif is_missing(whole, left):
        whole[left] = whole[right] + across


def stretch_hips(joints: Joints) -> NDArray[np.float64]:
    """Move both hips apart on their line until they are as far apart as the shoulders.

    Args:
        joints: (25, 2 or more), shoulders and hips present.

    Returns:
        (25, 2) float64, a copy.
    """
    wide = np.array(joints[:, :2], np.float64)
    shoulders = wide[Body25.L_SHOULDER] - wide[Body25.R_SHOULDER]
    hips = wide[Body25.L_HIP] - wide[Body25.R_HIP]
    middle = (wide[Body25.R_HIP] + wide[Body25.L_HIP]) / 2
    if np.hypot(*hips) < MIN_LENGTH_PX:  # no line to move them on: take the shoulders'
        hips = shoulders
    length = max(float(np.hypot(*hips)), MIN_LENGTH_PX)
    half = hips / length * np.hypot(*shoulders) / 2
    wide[Body25.R_HIP] = middle - half
    wide[Body25.L_HIP] = middle + half
    return wide


class _Brush:
    """Draws in one value, in the units of the 768-wide canvas."""

    def __init__(self, picture: Pil.Image, fill: int) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._fill = fill
        self._unit = picture.width / CANVAS_WIDTH

    def line(self, start: NDArray[np.float64], end: NDArray[np.float64], width: float) -> None:
        ends = [(float(x), float(y)) for x, y in (start, end)]
        self._draw.line(ends, fill=self._fill, width=max(1, round(width * self._unit)))

    def ellipse(self, centre: NDArray[np.float64], radii: tuple[float, float]) -> None:
        self._draw.ellipse(self._around(centre, radii), fill=self._fill, outline=self._fill)

    def square(self, centre: NDArray[np.float64], half_side: float) -> None:
        box = self._around(centre, (half_side, half_side))
        self._draw.rectangle(box, fill=self._fill, outline=self._fill)

    def polygon(self, corners: Sequence[NDArray[np.float64]]) -> None:
        points = [(float(x), float(y)) for x, y in corners]
        self._draw.polygon(points, fill=self._fill, outline=self._fill)

    def _around(
        self, centre: NDArray[np.float64], radii: tuple[float, float]
    ) -> tuple[float, float, float, float]:
        x, y = float(centre[0]), float(centre[1])
        a, b = radii[0] * self._unit, radii[1] * self._unit
        return x - a, y - b, x + a, y + b


def agnostic_image(image: Image, parse: ParseMap, joints: Joints) -> Image:
    """Paint torso, arms and neck gray; head and lower body stay.

    Args:
        image: (H, W, 3) uint8 RGB, 3:4.
        parse: (H, W) ``Cihp`` parts of the same picture.
        joints: (25, 2 or more) BODY_25.

    Returns:
        (H, W, 3) uint8 RGB, a new array.

    Raises:
        PoseIncomplete: as ``complete_joints``.
    """
    size_hw = image.shape[0], image.shape[1]
    painted = painted_body(joints, size_hw) & ~is_any(parse, HEAD + LOWER_BODY)
    return np.where(painted[..., None], np.array(GRAY, np.uint8), image)


def painted_body(joints: Joints, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) bool: everything that ``agnostic_image`` paints over, before it keeps any part.

    Raises:
        PoseIncomplete: as ``complete_joints``.
    """
    whole = stretch_hips(complete_joints(joints))
    picture = Pil.new("L", size_hw[::-1], 0)
    brush = _Brush(picture, PAINTED)
    _paint_arms(brush, whole)
    _paint_torso(brush, whole)
    return np.asarray(picture) > 0


def neck_square(joints: Joints, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) bool: the square around the neck alone; ``joints`` are complete."""
    picture = Pil.new("L", size_hw[::-1], 0)
    _Brush(picture, PAINTED).square(np.asarray(joints[Body25.NECK, :2]), NECK_HALF_SIDE)
    return np.asarray(picture) > 0


def _paint_arms(brush: _Brush, joints: NDArray[np.float64]) -> None:
    circle = (JOINT_RADIUS, JOINT_RADIUS)
    brush.line(joints[Body25.R_SHOULDER], joints[Body25.L_SHOULDER], LIMB_WIDTH)
    for shoulder in (Body25.R_SHOULDER, Body25.L_SHOULDER):
        brush.ellipse(joints[shoulder], circle)
    for start, end in ARM_BONES:
        if not (is_missing(joints, start) or is_missing(joints, end)):
            brush.line(joints[start], joints[end], LIMB_WIDTH)
            brush.ellipse(joints[end], circle)


def _paint_torso(brush: _Brush, joints: NDArray[np.float64]) -> None:
    right, left = joints[Body25.R_SHOULDER], joints[Body25.L_SHOULDER]
    right_hip, left_hip = joints[Body25.R_HIP], joints[Body25.L_HIP]
    for hip in (right_hip, left_hip):
        brush.ellipse(hip, HIP_RADII)
    brush.line(right, right_hip, FLANK_WIDTH)
    brush.line(left, left_hip, FLANK_WIDTH)
    brush.line(right_hip, left_hip, WAIST_WIDTH)
    brush.polygon((right, left, left_hip, right_hip))
    brush.square(joints[Body25.NECK], NECK_HALF_SIDE)


def agnostic_parse(parse: ParseMap, joints: Joints) -> ParseMap:
    """Erase the upper garment, the skin of neck and chest, and the arms down to the hands.

    Args:
        parse: (H, W) ``Cihp`` parts, 3:4.
        joints: (25, 2 or more) BODY_25.

    Returns:
        (H, W) uint8, a new array; erased pixels are ``Cihp.BACKGROUND``.

    Raises:
        PoseIncomplete: as ``complete_joints``.
    """
    whole = complete_joints(joints)
    erased = is_any(parse, ERASED)
    for arm in PARSE_STROKES:
        erased |= (parse == arm) & parse_stroke(whole, arm, parse.shape)
    return np.where(erased, np.uint8(Cihp.BACKGROUND), parse)


def parse_stroke(joints: Joints, arm: Cihp, size_hw: tuple[int, ...]) -> NDArray[np.bool_]:
    """(H, W) bool: the fat line that erases an arm, passing over missing joints."""
    picture = Pil.new("L", (size_hw[1], size_hw[0]), 0)
    brush = _Brush(picture, PAINTED)
    stroke = PARSE_STROKES[arm]
    previous = stroke[0]
    for joint in stroke[1:]:
        if is_missing(joints, joint):
            continue
        brush.line(joints[previous], joints[joint], PARSE_LIMB_WIDTH)
        radius = PARSE_WRIST_RADIUS if joint is stroke[-1] else PARSE_JOINT_RADIUS
        brush.ellipse(joints[joint], (radius, radius))
        previous = joint
    return np.asarray(picture) > 0
