"""A person of capsules and a garment of flat colour, whose every measure is known."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from pipeline.labels import Landmark
from pipeline.looks import PhotoLook
from pipeline.structures import PART_CODES, Category, Garment, Part, Pose, Side, Sleeves

TORSO_PX = 160.0
SIZE_WH = (640, 480)
SHOULDER_RATIO = 0.68
HALF_TEX = 80.0
MIDDLE = np.array([320.0, 170.0])  # between the shoulders


def at(x: float, y: float) -> np.ndarray:
    return np.array([x, y])


# elbow and wrist offsets from the shoulder, torso lengths, for the wearer's left (picture right)
STANCES = {
    "down": ((0.06, 0.50), (0.10, 0.92)),
    "t": ((0.50, 0.02), (0.92, 0.02)),
    "bent": ((0.12, 0.48), (0.50, 0.30)),
    "crossed": ((0.10, 0.48), (-0.60, 0.36)),
    "raised": ((0.32, -0.38), (0.26, -0.80)),
}


def person(stance: str = "down", turn: float = 1.0, middle: np.ndarray = MIDDLE) -> Pose:
    """A frontal person; ``turn`` narrows the shoulders as a turned body does."""
    width = SHOULDER_RATIO * TORSO_PX * turn
    points = np.zeros((33, 2), np.float32)
    z = np.zeros(33, np.float32)
    points[:] = middle + at(0, -0.5 * TORSO_PX)
    points[Landmark.LEFT_EYE] = middle + at(10, -0.58 * TORSO_PX)
    points[Landmark.RIGHT_EYE] = middle + at(-10, -0.58 * TORSO_PX)
    points[Landmark.MOUTH_LEFT] = middle + at(7, -0.43 * TORSO_PX)
    points[Landmark.MOUTH_RIGHT] = middle + at(-7, -0.43 * TORSO_PX)
    elbow, wrist = (np.array(p) * TORSO_PX for p in STANCES[stance])
    for sign, name in ((1, "LEFT"), (-1, "RIGHT")):
        shoulder = middle + at(sign * width / 2, 0)
        hip = middle + at(sign * width * 0.3, TORSO_PX)
        flip = np.array([sign, 1.0])
        points[Landmark[f"{name}_SHOULDER"]] = shoulder
        points[Landmark[f"{name}_HIP"]] = hip
        points[Landmark[f"{name}_ELBOW"]] = shoulder + elbow * flip
        points[Landmark[f"{name}_WRIST"]] = shoulder + wrist * flip
        hand = shoulder + (wrist + 0.2 * (wrist - elbow)) * flip
        for finger in ("INDEX", "PINKY", "THUMB"):
            points[Landmark[f"{name}_{finger}"]] = hand
        if stance == "crossed":
            z[Landmark[f"{name}_WRIST"]] = -(0.5 + 0.2 * sign) * TORSO_PX
    visible = np.ones(33, np.float32)
    return Pose(points, visible, z, _mask(points, middle, turn))


def _mask(points: np.ndarray, middle: np.ndarray, turn: float) -> np.ndarray:
    big = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.uint8)
    half = HALF_WIDTH * turn
    corners = [(-half, -14), (half, -14), (half, 1.9 * TORSO_PX), (-half, 1.9 * TORSO_PX)]
    cv2.fillPoly(big, [np.int32(np.rint(corners + middle))], 255)
    slope = [(-half, -14), (-16, -30), (16, -30), (half, -14)]
    cv2.fillPoly(big, [np.int32(np.rint(slope + middle))], 255)
    head = tuple(int(v) for v in middle + at(0, -0.5 * TORSO_PX))
    cv2.ellipse(big, head, (26, 36), 0, 0, 360, 255, -1)
    for name in ("LEFT", "RIGHT"):
        joints = [points[Landmark[f"{name}_{j}"]] for j in ("SHOULDER", "ELBOW", "WRIST")]
        for start, end, radius in ((joints[0], joints[1], 15), (joints[1], joints[2], 11)):
            ends = [tuple(round(float(v)) for v in p) for p in (start, end)]
            cv2.line(big, *ends, 255, 2 * radius)
    return cv2.GaussianBlur(big, (0, 0), 1.0)


HALF_WIDTH = 0.36 * TORSO_PX  # of the synthetic torso, from the front

_LEFT = {
    "neck": (32, 36),
    "shoulder": (72, 50),
    "armpit": (80, 130),
    "hem": (82, 270),
}
_CUFFS = {  # outer, inner
    Sleeves.LONG: ((222, 200), (185, 240)),
    Sleeves.SHORT: ((125, 100), (105, 150)),
}
CENTRE_X = 240.0


def garment(
    sleeves: Sleeves = Sleeves.LONG,
    category: Category = Category.UPPER,
    markers: dict[str, tuple[float, float]] | None = None,
    hem_y: float = 270.0,
) -> Garment:
    """A grey top; ``markers`` are red discs painted on its texture (centre, texture px)."""
    marks = {}
    for side, sign in ((Side.LEFT, 1), (Side.RIGHT, -1)):
        for name, (x, y) in _LEFT.items():
            y = hem_y if name == "hem" else y
            marks[f"{name}_{side}"] = np.array([CENTRE_X + sign * x, y], np.float32)
        if sleeves in _CUFFS:
            for name, (x, y) in zip(("outer", "inner"), _CUFFS[sleeves], strict=True):
                marks[f"cuff_{name}_{side}"] = np.array([CENTRE_X + sign * x, y], np.float32)
    marks["neck_center"] = np.array([CENTRE_X, 58], np.float32)
    parts = np.zeros((int(hem_y) + 30, 480), np.uint8)
    for side, part in ((Side.LEFT, Part.LEFT_SLEEVE), (Side.RIGHT, Part.RIGHT_SLEEVE)):
        if sleeves in _CUFFS:
            names = ("shoulder", "cuff_outer", "cuff_inner", "armpit")
            corners = np.array([marks[f"{name}_{side}"] for name in names])
            cv2.fillPoly(parts, [np.int32(corners)], PART_CODES[part])
    line = neckline(marks)
    order = ("shoulder_left", "armpit_left", "hem_left", "hem_right", "armpit_right")
    outline = np.concatenate([line, [marks[n] for n in order], [marks["shoulder_right"]]])
    cv2.fillPoly(parts, [np.int32(np.rint(outline))], PART_CODES[Part.TORSO])
    texture = np.zeros((*parts.shape, 4), np.uint8)
    texture[parts > 0] = (90, 90, 90, 255)
    for x, y in (markers or {}).values():
        cv2.circle(texture, (int(x), int(y)), MARKER_TEX, (255, 0, 0, 255), -1)
    return Garment("test", "Test top", category, sleeves, texture, parts, marks, line)


MARKER_TEX = 7


def neckline(marks: dict[str, np.ndarray]) -> np.ndarray:
    t = np.linspace(-1, 1, 21)
    x = CENTRE_X + 32 * t
    y = 36 + 22 * np.sqrt(np.maximum(1 - t * t, 0))
    return np.column_stack([x, y]).astype(np.float32)


@functools.cache
def look(sleeves: Sleeves = Sleeves.LONG) -> PhotoLook:
    return PhotoLook(garment(sleeves))
